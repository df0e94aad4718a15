// Starts the simulator for one test and talks to it through the vendor's client.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import Composio from '@composio/client';

const binary = process.env.LOGSIM_BIN;
if (!binary) throw new Error('LOGSIM_BIN is not set: run test/client/run.sh');

export const apiKey = 'ak_simulated';

// start runs logsim with the flags until the test ends. It resolves to the server's URL and a client of it that never retries.
export async function start(t, ...flags) {
  const child = spawn(binary, ['--json', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line);
    return { url, client: new Composio({ apiKey, baseURL: url, maxRetries: 0 }) };
  }
  throw new Error('logsim ended before it was ready');
}

// pages walks a cursor chain to its end.
export async function* pages(client, request = {}) {
  let cursor = null;
  do {
    const page = await client.logs.createToolExecution({ ...request, cursor });
    yield page;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

// entries collects what all pages of a chain show.
export async function entries(client, request) {
  const all = [];
  for await (const page of pages(client, request)) all.push(...page.logs);
  return all;
}
