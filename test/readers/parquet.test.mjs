// Every value of every Parquet file as hyparquet reads it is that of the NDJSON line of the same record.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { compressions, declared, exported, files, lines } from './export.mjs';
import { billionths, members, micros } from './ndjson.mjs';

const times = ['timestamp', 'start_time', 'end_time', 'started'];
const json = ['request', 'response', 'data', 'metadata', 'metrics', 'extra', 'raw', 'include'];
const bigints = ['duration_ms', 'payload_limit'];

// Values are taken as they are stored: µs as integers, text that must be UTF-8.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const parsers = {
  timestampFromMicroseconds: (value) => value,
  stringFromBytes: (bytes) => bytes && utf8.decode(bytes),
};

let dir;
let expected;
before(async () => {
  dir = await exported('--records', '800', '--odd', '0.3', '--median-payload', '400', '--max-payload', '200000');
  expected = (await lines(dir)).map(members);
  assert.equal(expected.length, 2 * 800);
});

// value is what a member of a line says, in the form in which Parquet has it.
function value(name, text) {
  if (text === 'null') return null;
  if (json.includes(name)) return text;
  const v = JSON.parse(text);
  if (times.includes(name)) return micros(v);
  if (bigints.includes(name)) return BigInt(text);
  return name === 'instant_charge' ? billionths(v) : v;
}

// read returns all rows of a sink. Of decimals, whose scale hyparquet would divide away in floating point, it takes the integers.
async function read(sink, exact = true) {
  const rows = [];
  for (const name of await files(dir, sink)) {
    const file = await asyncBufferFromFile(name);
    const metadata = await parquetMetadataAsync(file);
    for (const element of metadata.schema) {
      if (exact && element.converted_type === 'DECIMAL') {
        assert.deepEqual([element.type, element.precision, element.scale], ['INT64', 18, 9]);
        delete element.converted_type;
        delete element.logical_type;
      }
    }
    rows.push(...(await parquetReadObjects({ file, metadata, compressors, parsers })));
  }
  return rows;
}

for (const sink of compressions) {
  test(`hyparquet reads ${sink} value by value`, async () => {
    const rows = await read(sink);
    assert.equal(rows.length, expected.length);
    const found = {};
    rows.forEach((row, i) => {
      assert.deepEqual(Object.keys(row), [...expected[i].keys()]);
      for (const [name, text] of expected[i]) {
        const want = value(name, text);
        assert.equal(row[name] ?? null, want, `${name} of ${row.log_id}`);
        if (want !== null) found[name] = (found[name] ?? 0) + 1;
      }
    });
    for (const name of expected[0].keys()) assert.ok(found[name] > 10, `${found[name]} rows have ${name}`);
  });
}

test('decimals and times read without further ado are as near as JavaScript comes', async () => {
  const rows = await read('zstd', false);
  let charges = 0;
  rows.forEach((row, i) => {
    const text = expected[i].get('instant_charge');
    assert.equal(row.instant_charge ?? null, text === 'null' ? null : Number(JSON.parse(text)));
    if (text !== 'null') charges++;
  });
  assert.ok(charges > 10);
});

test('footers say who wrote the files, and what is stored how', async () => {
  for (const sink of compressions) {
    for (const name of await files(dir, sink)) {
      const metadata = await parquetMetadataAsync(await asyncBufferFromFile(name));
      assert.match(metadata.created_by, /^logferry version \S+/);
      const types = Object.fromEntries(metadata.schema.slice(1).map((e) => [e.name, `${e.type} ${e.converted_type ?? ''}`.trim()]));
      assert.equal(types.timestamp, 'INT64 TIMESTAMP_MICROS');
      assert.equal(types.message, 'BYTE_ARRAY UTF8');
      assert.deepEqual(
        declared.map((d) => types[d.name]),
        ['INT64', 'BOOLEAN', 'DOUBLE', 'BYTE_ARRAY UTF8', 'INT64 TIMESTAMP_MICROS', 'BYTE_ARRAY UTF8'],
      );
    }
  }
});
