<?php
// xtdb in PHP: php -d sqlite3.extension_dir=FOLDER_OF_THE_EXTENSION sqlite3.php EXTENSION FOLDER
// loadExtension takes a name in that folder and nothing else.
[, $extension, $folder] = $argv;
$failures = 0;

function expect(string $what, mixed $wanted, mixed $got): void {
  global $failures;
  if ($wanted === $got) return;
  ++$failures;
  echo "$what:\n  wanted: ", json_encode($wanted), "\n  got:    ", json_encode($got), "\n";
}

function connect(): SQLite3 {
  global $extension, $folder;
  $db = new SQLite3("$folder/plant.db");
  $db->enableExceptions(true);
  $db->busyTimeout(10000);
  $db->loadExtension(basename($extension));
  return $db;
}

function ask(SQLite3 $db, string $sql, mixed ...$values): array {
  $statement = $db->prepare($sql);
  foreach ($values as $i => $value) $statement->bindValue($i + 1, $value);
  $result = $statement->execute();
  $rows = [];
  while ($row = $result->fetchArray(SQLITE3_NUM)) $rows[] = $row;
  return $rows;
}

function expect_error(SQLite3 $db, string $part, string $sql, mixed ...$values): void {
  try {
    $said = 'no error, but ' . json_encode(ask($db, $sql, ...$values));
  } catch (Exception $error) {
    $said = $error->getMessage();
  }
  if (!str_contains($said, $part)) expect($sql, "... $part ...", $said);
}

$db = connect();

$rows = ask($db, "SELECT * FROM plant WHERE tag <> 'million'");
expect('rows', [
  ['boiler.temp', '2026-01-01 08:00:00.000', 71.25, 192],
  ['boiler.temp', '2026-01-01 08:30:00.000', 72.75, 192],
  ['boiler.temp', '2026-01-01 09:00:00.123456', null, 0],
  ['boiler.temp', '2026-01-01 09:30:00.000', 70.5, 64],
  ['pump.speed', '2026-01-01 08:00:00.000', 9007199254740993, 192],
  ['pump.state', '2026-01-01 08:00:00.000', 'läuft', 192],
  ['valve.open', '2026-01-01 08:00:00.000', 1, 192],
], $rows);

$columns = ask($db, "SELECT name, type FROM pragma_table_info('plant')");
expect('the catalogue', [['tag', 'TEXT'], ['time', 'TIMESTAMP'], ['value', 'NUMERIC'],
                         ['quality', 'INTEGER']], $columns);

$from = "SELECT ts FROM plant WHERE tag = 'boiler.temp' AND ";
$wanted = [[1767256200000000], [1767258000123456], [1767259800000000]];
$time = new DateTimeImmutable('2026-01-01 08:30', new DateTimeZone('UTC'));
expect('a bound time', $wanted, ask($db, $from . 'time >= ?', $time->format('Y-m-d H:i:s.u')));
expect('a bound time with its zone', $wanted, ask($db, $from . 'time >= ?', $time->format('c')));
expect('bound microseconds', $wanted, ask($db, $from . 'ts >= ?', 1767256200000000));
expect_error($db, 'time does not take a number', $from . 'time >= ?', $time->getTimestamp());
$read = new DateTimeImmutable($rows[2][1], new DateTimeZone('UTC'));
expect('a time that is read', '09:00:00.123456', $read->format('H:i:s.u'));

$count = "SELECT count(*) FROM plant WHERE tag = 'draft'";
$db->exec('BEGIN');
$insert = $db->prepare("INSERT INTO plant(tag, ts, value) VALUES ('draft', ?, ?)");
for ($i = 0; $i < 1000; ++$i) {
  $insert->bindValue(1, 1767225600000000 + $i);
  $insert->bindValue(2, $i / 2);
  $insert->execute();
}
expect('in the transaction', [[1000]], ask($db, $count));
$db->exec('ROLLBACK');
expect('after the rollback', [[0]], ask($db, $count));
ask($db, 'INSERT INTO plant VALUES (?, ?, ?, ?)', 'draft', '2026-01-01', null, null);
$other = connect();
expect('for others', [['draft', null, 192]],
       ask($other, "SELECT tag, value, quality FROM plant WHERE tag = 'draft'"));

expect_error($db, 'not a time: "x"', "SELECT * FROM plant WHERE time = 'x'");
expect_error($db, 'does not fit the type float64',
             "INSERT INTO plant VALUES ('boiler.temp', '2026-01-02', 'hot', 192)");
expect_error($db, 'no xtdb table "plnt"', "SELECT * FROM xtdb_tags('plnt')");

$result = $db->query("SELECT time, value FROM plant WHERE tag = 'million'");
[$rows, $sum] = [0, 0.0];
while ($row = $result->fetchArray(SQLITE3_NUM)) {
  ++$rows;
  $sum += $row[1];
}
expect('a million', [1000000, 249999750000.0], [$rows, $sum]);
expect('buckets', [['2026-01-01 08:00:00.000', 2, 72.0], ['2026-01-01 09:00:00.000', 1, 70.5]],
       ask($db, "SELECT time, count, avg FROM hourly WHERE tag = 'boiler.temp'"));

// PDO can load extensions from PHP 8.4 on only.
if (!class_exists('Pdo\Sqlite')) {
  $pdo = new PDO("sqlite:$folder/plant.db");
  try {
    $pdo->query('SELECT * FROM plant');
    expect('PDO', 'an error', 'none');
  } catch (PDOException $error) {
    expect('PDO', true, str_contains($error->getMessage(), 'no such module: xtdb'));
  }
}

echo $failures === 0 ? "all as it should be\n" : "$failures checks failed\n";
exit($failures === 0 ? 0 : 1);
