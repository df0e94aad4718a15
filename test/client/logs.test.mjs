import assert from 'node:assert/strict';
import { test } from 'node:test';

import { entries, pages, start } from './sim.mjs';
import { checkDetail, checkPage } from './shape.mjs';

test('a page has twenty entries of the declared shape unless a limit is given', async (t) => {
  const { client } = await start(t, '--records', '300');
  const page = await client.logs.createToolExecution();
  checkPage(page);
  assert.equal(page.logs.length, 20);
  assert.equal((await client.logs.createToolExecution({ limit: 100 })).logs.length, 100);
});

for (const order of ['newest', 'oldest', 'none']) {
  for (const cursors of ['keyset', 'offset']) {
    test(`a walk shows every record once: order ${order}, cursors ${cursors}`, async (t) => {
      const { client } = await start(t, '--records', '731', '--order', order, '--cursors', cursors);
      const ids = new Set();
      let rows = 0;
      for await (const page of pages(client, { limit: 100 })) {
        checkPage(page);
        rows += page.logs.length;
        page.logs.forEach((entry) => ids.add(entry.id));
      }
      assert.deepEqual([rows, ids.size], [731, 731]);
    });
  }
}

test('a detail repeats its entry and adds its own fields', async (t) => {
  const { client } = await start(t, '--records', '60');
  for (const entry of await entries(client)) {
    const detail = await client.logs.retrieveToolExecution(entry.id);
    checkDetail(detail);
    for (const [name, value] of Object.entries(entry)) assert.deepEqual(detail[name], value, name);
    assert.ok('response' in detail.data);
  }
});

test('a project without payloads has empty data', async (t) => {
  const { client } = await start(t, '--records', '5', '--no-payload');
  const [entry] = await entries(client);
  assert.deepEqual((await client.logs.retrieveToolExecution(entry.id)).data, {});
});

test('all four operators select complements', async (t) => {
  const { client } = await start(t, '--records', '400');
  const select = async (field, operator, value) => (await entries(client, { limit: 100, filters: [{ field, operator, value }] })).length;
  for (const [field, whole, part] of [['status', 'failed', 'fail'], ['toolkit_slug', 'gmail', 'mai'], ['tool_slug', 'COMPOSIO_MULTI_EXECUTE_TOOL', 'MULTI']]) {
    const equal = await select(field, '==', whole);
    assert.ok(equal > 0 && equal < 400, `${field}: ${equal}`);
    assert.equal(await select(field, '!=', whole), 400 - equal);
    assert.equal(await select(field, 'contains', part), equal);
    assert.equal(await select(field, 'not_contains', part), 400 - equal);
  }
});

test('every filter field is known and filters are combined', async (t) => {
  const { client } = await start(t, '--records', '400');
  const detail = await client.logs.retrieveToolExecution((await entries(client)).find((e) => e.metadata.session_id).id);
  const { metadata } = detail;
  const filters = [
    ['tool_slug', metadata.tool_slug], ['toolkit_slug', metadata.toolkit_slug], ['connected_account_id', metadata.connected_account_id],
    ['auth_config_id', metadata.auth_config_id], ['status', detail.status], ['user_id', metadata.user_id], ['session_id', metadata.session_id],
    ['request_id', metadata.request_id], ['log_id', detail.id],
  ].map(([field, value]) => ({ field, operator: '==', value }));
  filters.push({ field: 'sandbox_id', operator: '!=', value: 'sbx_nobody' });
  assert.deepEqual((await entries(client, { filters })).map((e) => e.id), [detail.id]);
});

test('a time range selects by its ends', async (t) => {
  const { client } = await start(t, '--records', '500', '--from', '2026-04-17', '--to', '2026-04-18');
  const from = Date.UTC(2026, 3, 17);
  const noon = from + 12 * 3_600_000;
  const to = from + 24 * 3_600_000;
  const range = async (a, b) => (await entries(client, { limit: 100, time_range: { from: a, to: b } })).length;
  assert.equal((await range(from, noon)) + (await range(noon, to)), 500);
  assert.equal(await range(to, to + 1000), 0);
});
