// Exports from a simulated API with the program itself, into sinks of several formats.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const work = process.env.READERS_WORK;
if (!work) throw new Error('READERS_WORK is not set: run test/readers/run.sh');

// The compressions that Parquet files may have.
export const compressions = ['zstd', 'snappy', 'none'];

const projects = ['first', 'second'];
const keys = Object.fromEntries(projects.map((name) => [`KEY_${name}`, `ak_${name}`]));

// Columns of every type that can be declared.
export const declared = [
  { name: 'payload_limit', type: 'int64', path: '$.data.request.payload.limit' },
  { name: 'successful', type: 'bool', path: '$.data.response.body.successful' },
  { name: 'first_score', type: 'float64', path: '$.data.response.body.data.items[0].score' },
  { name: 'query', type: 'string', path: '$.data.request.payload.query' },
  { name: 'started', type: 'timestamp', path: '$.timings.start_time' },
  { name: 'include', type: 'json', path: '$.data.request.payload.include' },
];

// exported runs the simulator with the flags and the program until all is written. It resolves to the sinks' folder.
export async function exported(...flags) {
  const own = projects.flatMap((name) => ['--project', `${name}=ak_${name}`]);
  const always = ['--json', '--rate-limit', '-1', '--from', '2026-04-15', '--to', '2026-04-18'];
  const sim = spawn(join(work, 'logsim'), [...always, ...own, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface({ input: sim.stdout }), 'line');
    const dir = join(work, `export${flags.join('')}`);
    const pipeline = join(work, 'pipeline.yaml');
    await writeFile(pipeline, JSON.stringify(pipelineOf(JSON.parse(line).url, dir)));
    await promisify(execFile)(join(work, 'logferry'), ['apply', '--auto-approve', '-f', pipeline], {
      env: { ...process.env, ...keys, XDG_CACHE_HOME: join(work, 'cache') },
    });
    return dir;
  } finally {
    sim.kill('SIGTERM');
    if (sim.exitCode === null) await once(sim, 'exit');
  }
}

// pipelineOf is JSON, which is YAML.
function pipelineOf(url, dir) {
  const sink = (name, format, compression) => ({ name, url: `file://${join(dir, name)}`, format, compression });
  return {
    version: 1,
    name: 'readers',
    source: { base_url: url, projects: projects.map((name) => ({ name, api_key: `\${KEY_${name}}` })) },
    range: { from: '2026-04-15', to: '2026-04-18' },
    reconcile: 'off',
    transform: { raw: true, columns: declared },
    sinks: [...compressions.map((c) => sink(c, 'parquet', c)), sink('lines', 'ndjson', 'gzip')],
  };
}

// files lists a sink's data files, in the order of their names.
export async function files(dir, sink) {
  const root = join(dir, sink, 'tool_execution');
  const names = await readdir(root, { recursive: true });
  return names.filter((n) => /\/part-[^/]*$/.test(n)).sort().map((n) => join(root, n));
}

// lines are those of the NDJSON sink, as text that is certain to be UTF-8.
export async function lines(dir) {
  const all = [];
  for (const name of await files(dir, 'lines')) {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(gunzipSync(await readFile(name)));
    all.push(...text.split('\n').slice(0, -1));
  }
  return all;
}
