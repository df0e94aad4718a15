import assert from 'node:assert/strict';
import { test } from 'node:test';

import Composio from '@composio/client';

import { start } from './sim.mjs';
import { checkBreakdown, checkSummary } from './shape.mjs';

const range = { from: Date.UTC(2026, 3, 17), to: Date.UTC(2026, 3, 18) };
const aDay = ['--records', '500', '--from', '2026-04-17', '--to', '2026-04-18'];

test('the summary counts every execution', async (t) => {
  const { client } = await start(t, ...aDay);
  const summary = await client.project.usage.retrieveSummary({ ...range, entity_types: ['tool_calls'] });
  checkSummary(summary);
  assert.deepEqual(summary.entities, { tool_calls: { unit: 'count', total_quantity: '500', event_count: 500 } });
  assert.ok('sessions' in (await client.project.usage.retrieveSummary(range)).entities);
  checkSummary(await client.project.usage.retrieveSummary());
});

test('the summary can be filtered by users and sessions', async (t) => {
  const { client } = await start(t, ...aDay);
  const { logs } = await client.logs.createToolExecution({ limit: 1 });
  const user = logs[0].metadata.user_id;
  const { groups } = await client.project.usage.retrieve('tool_calls', { ...range, group_by: 'user_id', limit: 1000 });
  const summary = await client.project.usage.retrieveSummary({ ...range, filters: { user_id: [user], session_id: null } });
  assert.equal(summary.entities.tool_calls.event_count, groups.find((g) => g.key === user).event_count);
});

test('the breakdown groups, orders and limits', async (t) => {
  const { client } = await start(t, ...aDay);
  for (const group_by of ['tool_slug', 'toolkit_slug', 'connected_account_id', 'user_id', 'session_id']) {
    const breakdown = await client.project.usage.retrieve('tool_calls', { ...range, group_by, limit: 1000 });
    checkBreakdown(breakdown);
    assert.equal(breakdown.groups.reduce((sum, g) => sum + g.event_count, 0), 500);
  }
  const { groups } = await client.project.usage.retrieve('tool_calls', { ...range, order_by: 'key', order_direction: 'asc', limit: 3 });
  assert.equal(groups.length, 3);
  assert.ok(groups[0].key < groups[1].key && groups[1].key < groups[2].key);
});

test('a range of more than 366 days is refused', async (t) => {
  const { client } = await start(t, ...aDay);
  const days = (n) => ({ from: 0, to: n * 86_400_000 });
  await assert.rejects(client.project.usage.retrieveSummary(days(367)), Composio.BadRequestError);
  await client.project.usage.retrieveSummary(days(366));
});
