#!/usr/bin/env perl
# xtdb in Perl, through DBI: dbd_sqlite.pl EXTENSION FOLDER
use strict;
use warnings;
use utf8;
use DBI;
use Test::More;

my ($extension, $folder) = @ARGV;

sub connection {
  my $db = DBI->connect("dbi:SQLite:dbname=$folder/plant.db", '', '',
                        {RaiseError => 1, PrintError => 0, sqlite_unicode => 1});
  $db->sqlite_busy_timeout(10000);
  $db->sqlite_enable_load_extension(1);
  $db->sqlite_load_extension($extension);
  return $db;
}

my $db = connection();
sub ask { my ($sql, @values) = @_; return $db->selectall_arrayref($sql, undef, @values) }

sub fails_with {
  my ($part, $sql, @values) = @_;
  eval { ask($sql, @values) };
  like($@, $part, $sql);
}

my $statement = $db->prepare("SELECT * FROM plant WHERE tag <> 'million'");
$statement->execute;
is_deeply($statement->{NAME}, ['tag', 'time', 'value', 'quality'], 'names');
is_deeply($statement->{TYPE}, ['TEXT', 'TIMESTAMP', 'NUMERIC', 'INTEGER'], 'types');
is_deeply($statement->fetchall_arrayref, [
  ['boiler.temp', '2026-01-01 08:00:00.000', 71.25, 192],
  ['boiler.temp', '2026-01-01 08:30:00.000', 72.75, 192],
  ['boiler.temp', '2026-01-01 09:00:00.123456', undef, 0],
  ['boiler.temp', '2026-01-01 09:30:00.000', 70.5, 64],
  ['pump.speed', '2026-01-01 08:00:00.000', 9007199254740993, 192],
  ['pump.state', '2026-01-01 08:00:00.000', 'läuft', 192],
  ['valve.open', '2026-01-01 08:00:00.000', 1, 192],
], 'rows');

my %tables = map { $_->[2] => 1 } @{$db->table_info(undef, undef, '%')->fetchall_arrayref};
ok($tables{$_}, "table_info has $_") for qw(area boiler hourly plant);
my $columns = $db->column_info(undef, undef, 'plant', '%')->fetchall_arrayref;
is_deeply([map { "$_->[3] $_->[5]" } @$columns],
          ['tag TEXT', 'time TIMESTAMP', 'value NUMERIC', 'quality INTEGER'], 'column_info');

my $from = "SELECT ts FROM plant WHERE tag = 'boiler.temp' AND ";
my $wanted = [[1767256200000000], [1767258000123456], [1767259800000000]];
is_deeply(ask($from . 'time >= ?', '2026-01-01 08:30'), $wanted, 'a bound time');
is_deeply(ask($from . 'ts >= ?', 1767256200000000), $wanted, 'bound microseconds');
fails_with(qr/time does not take a number/, $from . 'time >= ?', 1767256200);

# DBI binds numbers as they were last used: as texts, too, which are stored as the numbers they are.
my $insert = 'INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)';
$db->do($insert, undef, 'w.number', 1767225600000001, 1.5);
$db->do($insert, undef, 'w.text', '1767225600000001', '7');
$db->do($insert, undef, 'w.null', 1767225600000001, undef);
is_deeply(ask("SELECT typeof(value), time, quality FROM plant WHERE tag GLOB 'w.*' ORDER BY tag"),
          [map { [$_, '2026-01-01 00:00:00.000001', 192] } 'null', 'real', 'integer'],
          'what is bound is stored')
  or diag explain ask("SELECT * FROM plant WHERE tag GLOB 'w.*'");

my $count = "SELECT count(*) FROM plant WHERE tag = 'draft'";
$db->begin_work;
my $draft = $db->prepare("INSERT INTO plant(tag, ts, value) VALUES ('draft', ?, ?)");
$draft->execute(1767225600000000 + $_, $_ / 2) for 0 .. 999;
is_deeply(ask($count), [[1000]], 'in the transaction');
$db->rollback;
is_deeply(ask($count), [[0]], 'after the rollback');
$db->begin_work;
$db->do("INSERT INTO plant VALUES ('draft', '2026-01-01', 1, 192)");
$db->commit;
is_deeply(connection()->selectall_arrayref($count), [[1]], 'for others');

fails_with(qr/not a time: "x"/, "SELECT * FROM plant WHERE time = 'x'");
fails_with(qr/does not fit the type float64/,
           "INSERT INTO plant VALUES ('boiler.temp', '2026-01-02', 'hot', 192)");
is($db->err, 20, 'the code is SQLITE_MISMATCH');
fails_with(qr/no xtdb table "plnt"/, "SELECT * FROM xtdb_tags('plnt')");

my ($rows, $sum) = (0, 0);
my $million = $db->prepare("SELECT time, value FROM plant WHERE tag = 'million'");
$million->execute;
while (my $row = $million->fetchrow_arrayref) {
  ++$rows;
  $sum += $row->[1];
}
is_deeply([$rows, $sum], [1000000, 249999750000], 'a million');
is_deeply(ask("SELECT time, count, avg FROM hourly WHERE tag = 'boiler.temp'"),
          [['2026-01-01 08:00:00.000', 2, 72], ['2026-01-01 09:00:00.000', 1, 70.5]], 'buckets');
done_testing;
