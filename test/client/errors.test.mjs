import assert from 'node:assert/strict';
import { test } from 'node:test';

import Composio from '@composio/client';

import { apiKey, start } from './sim.mjs';
import { checkErrorBody } from './shape.mjs';

// rejected returns the error that a call ended in, after checking its class and its body.
async function rejected(promise, kind, status) {
  const error = await promise.then(() => assert.fail('the call succeeded'), (e) => e);
  assert.ok(error instanceof kind, `${error}`);
  assert.equal(error.status, status);
  checkErrorBody(error.error, status);
  assert.ok(error.headers.get('x-ratelimit-remaining'));
  return error;
}

test('a wrong key and a missing key are authentication errors', async (t) => {
  const { url } = await start(t);
  for (const key of ['ak_wrong', null]) {
    const client = new Composio({ apiKey: key, baseURL: url, maxRetries: 0 });
    await rejected(client.logs.createToolExecution(), Composio.AuthenticationError, 401);
  }
});

test('wrong requests are bad requests', async (t) => {
  const { client } = await start(t);
  const list = (body) => client.logs.createToolExecution(body);
  await rejected(list({ limit: 101 }), Composio.BadRequestError, 400);
  await rejected(list({ cursor: 'nonsense' }), Composio.BadRequestError, 400);
  await rejected(list({ time_range: { from: 1 } }), Composio.BadRequestError, 400);
  await rejected(list({ filters: [{ field: 'colour', operator: '==', value: 'x' }] }), Composio.BadRequestError, 400);
  await rejected(list({ filters: [{ field: 'status', operator: '~', value: 'x' }] }), Composio.BadRequestError, 400);
  await rejected(list({ filters: [{ field: 'user_id', operator: '==', value: 7 }] }), Composio.BadRequestError, 400);
});

test('an expired cursor is a bad request', async (t) => {
  const { client } = await start(t, '--cursor-lifetime', '1ns');
  const { next_cursor: cursor } = await client.logs.createToolExecution();
  await rejected(client.logs.createToolExecution({ cursor }), Composio.BadRequestError, 400);
});

test('an unknown id is not found', async (t) => {
  const { client } = await start(t);
  await rejected(client.logs.retrieveToolExecution('log_0000000000000'), Composio.NotFoundError, 404);
});

test('every response says what is left of the budget, and a spent one is a rate limit error', async (t) => {
  const { client } = await start(t, '--rate-limit', '3', '--rate-window', '1h', '--rate-header-window', '600s');
  for (const left of ['2', '1', '0']) {
    const { response } = await client.logs.createToolExecution({ limit: 1 }).withResponse();
    assert.equal(response.headers.get('x-ratelimit'), '3');
    assert.equal(response.headers.get('x-ratelimit-remaining'), left);
    assert.equal(response.headers.get('x-ratelimit-window-size'), '600s');
  }
  const error = await client.logs.createToolExecution().then(() => assert.fail('the call succeeded'), (e) => e);
  assert.ok(error instanceof Composio.RateLimitError);
  assert.match(error.error.message, /^Rate limit exceeded\. Limit: 3 requests per /);
  assert.ok(Number(error.headers.get('retry-after')) > 0);
});

test('the client waits for the window that a 429 names', async (t) => {
  const { url } = await start(t, '--rate-limit', '1', '--rate-window', '1s');
  const client = new Composio({ apiKey, baseURL: url });
  for (let i = 0; i < 2; i++) assert.equal((await client.logs.createToolExecution({ limit: 1 })).logs.length, 1);
});

test('the client gets over transient faults', async (t) => {
  const { url } = await start(t, '--records', '100', '--faults', 'light');
  const client = new Composio({ apiKey, baseURL: url, maxRetries: 5 });
  assert.equal((await client.logs.createToolExecution({ limit: 100 })).logs.length, 100);
});
