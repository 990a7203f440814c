// Commits a point each PERIOD and tells its number: logger.js EXTENSION FOLDER PERIOD TAG
'use strict';

const fs = require('node:fs');
const Database = require('better-sqlite3');

const START = 1767225600000000;
const [extension, folder, period, tag] = process.argv.slice(2);
const db = new Database(`${folder}/plant.db`, { timeout: 30000 });
db.loadExtension(extension);
const insert = db.prepare('INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)');
let n = db.prepare('SELECT count(*) FROM plant WHERE tag = ?').pluck().get(tag);
setInterval(() => {
  n += 1;
  insert.run(tag, START + n, n / 4);
  fs.writeSync(1, `${n}\n`);
}, 1000 * Number(period));
