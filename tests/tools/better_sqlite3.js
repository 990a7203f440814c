// xtdb in Node, through better-sqlite3: node better_sqlite3.js EXTENSION FOLDER
'use strict';

const assert = require('node:assert');
const Database = require('better-sqlite3');

const [extension, folder] = process.argv.slice(2);
const db = new Database(`${folder}/plant.db`, { timeout: 10000 });
db.loadExtension(extension);
const ask = (sql, ...values) => db.prepare(sql).raw().all(...values);

function rowsHaveTypes() {
  const statement = db.prepare("SELECT * FROM plant WHERE tag <> 'million'");
  assert.deepStrictEqual(
    statement.columns().map((column) => `${column.name} ${column.type}`),
    ['tag TEXT', 'time TIMESTAMP', 'value NUMERIC', 'quality INTEGER'],
  );
  const rows = statement.raw().all();
  assert.deepStrictEqual(rows.slice(0, 4), [
    ['boiler.temp', '2026-01-01 08:00:00.000', 71.25, 192],
    ['boiler.temp', '2026-01-01 08:30:00.000', 72.75, 192],
    ['boiler.temp', '2026-01-01 09:00:00.123456', null, 0],
    ['boiler.temp', '2026-01-01 09:30:00.000', 70.5, 64],
  ]);
  assert.deepStrictEqual(rows.slice(5).map((row) => row[2]), ['läuft', 1]);
}

// A number of JavaScript is exact up to 2^53; microseconds are until the year 2255.
function largeIntegersAreBigInts() {
  const speed = db.prepare("SELECT value, ts FROM plant WHERE tag = 'pump.speed'");
  assert.deepStrictEqual(speed.get(), { value: 2 ** 53, ts: 1767254400000000 });
  speed.safeIntegers();
  assert.deepStrictEqual(speed.get(), { value: 9007199254740993n, ts: 1767254400000000n });
}

function theCatalogue() {
  const list = db.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main'");
  const tables = list.pluck().all();
  for (const name of ['area', 'boiler', 'hourly', 'plant']) assert(tables.includes(name), name);
  assert.deepStrictEqual(
    db.pragma('table_info(plant)').map((column) => `${column.name} ${column.type}`),
    ['tag TEXT', 'time TIMESTAMP', 'value NUMERIC', 'quality INTEGER'],
  );
}

function timesAreBound() {
  const from = "SELECT ts FROM plant WHERE tag = 'boiler.temp' AND ";
  const wanted = [[1767256200000000], [1767258000123456], [1767259800000000]];
  const time = new Date(Date.UTC(2026, 0, 1, 8, 30));
  assert.deepStrictEqual(ask(`${from} time >= ?`, time.toISOString()), wanted);
  assert.deepStrictEqual(ask(`${from} ts >= ?`, time.getTime() * 1000), wanted);
  assert.deepStrictEqual(ask(`${from} ts >= ?`, 1767256200000000n), wanted);
  assert.throws(() => ask(`${from} time >= ?`, time.getTime()), /time does not take a number/);
  const [[first]] = ask(`${from} time >= ?`, '2026-01-01');
  assert.strictEqual(new Date(first / 1000).toISOString(), '2026-01-01T08:00:00.000Z');
}

// A number of JavaScript is bound as a REAL: a whole one of a tag of its own makes it float64.
function numbersAreReals() {
  const insert = db.prepare('INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)');
  insert.run('as.number', 1767225600000001, 7);
  insert.run('as.bigint', 1767225600000001, 7n);
  assert.deepStrictEqual(
    ask("SELECT tag, typeof(value), time FROM plant WHERE tag GLOB 'as.*'"),
    [
      ['as.bigint', 'integer', '2026-01-01 00:00:00.000001'],
      ['as.number', 'real', '2026-01-01 00:00:00.000001'],
    ],
  );
}

function transactions() {
  const insert = db.prepare("INSERT INTO plant(tag, ts, value) VALUES ('draft', ?, ?)");
  const count = db.prepare("SELECT count(*) FROM plant WHERE tag = 'draft'").pluck();
  const write = db.transaction((fails) => {
    for (let i = 0; i < 1000; ++i) insert.run(1767225600000000 + i, i);
    assert.strictEqual(count.get(), 1000);
    if (fails) throw new Error('on purpose');
  });
  assert.throws(() => write(true), /on purpose/);
  assert.strictEqual(count.get(), 0);
  write(false);
  assert.strictEqual(count.get(), 1000);
}

function errorsReachTheCaller() {
  const fails = (sql, code, message) => assert.throws(() => db.exec(sql), { code, message });
  fails("SELECT * FROM plant WHERE time = 'x'", 'SQLITE_ERROR', /not a time: "x"/);
  fails("INSERT INTO plant VALUES ('boiler.temp', '2026-01-02', 'hot', 192)", 'SQLITE_MISMATCH',
    /does not fit the type float64/);
  fails("INSERT INTO plant(tag, value) VALUES ('a', 1)", 'SQLITE_CONSTRAINT_NOTNULL', /plant.time/);
}

function aMillionRows() {
  let count = 0;
  let sum = 0;
  for (const row of db.prepare("SELECT time, value FROM plant WHERE tag = 'million'").iterate()) {
    ++count;
    sum += row.value;
  }
  assert.deepStrictEqual([count, sum], [1000000, 249999750000]);
  const hours = ask("SELECT time, count, avg FROM hourly WHERE tag = 'boiler.temp'");
  assert.deepStrictEqual(hours, [
    ['2026-01-01 08:00:00.000', 2, 72],
    ['2026-01-01 09:00:00.000', 1, 70.5],
  ]);
}

for (const test of [rowsHaveTypes, largeIntegersAreBigInts, theCatalogue, timesAreBound,
  numbersAreReals, transactions, errorsReachTheCaller, aMillionRows]) {
  test();
  console.log(`${test.name}: as it should be`);
}
db.close();
