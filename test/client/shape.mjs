// The response shapes that the client's generated types declare, checked at run time.
import assert from 'node:assert/strict';

const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);

function checkFields(value, required, optional = {}) {
  assert.ok(isObject(value), `an object, not ${JSON.stringify(value)}`);
  for (const [name, check] of Object.entries(required)) assert.ok(check(value[name]), `${name}: ${JSON.stringify(value[name])}`);
  for (const [name, check] of Object.entries(optional)) {
    if (name in value) assert.ok(check(value[name]), `${name}: ${JSON.stringify(value[name])}`);
  }
  const known = new Set([...Object.keys(required), ...Object.keys(optional)]);
  assert.deepEqual(Object.keys(value).filter((name) => !known.has(name)), [], 'fields that the types do not declare');
}

const string = (v) => typeof v === 'string';
const integer = Number.isInteger;
const isParent = (v) => v === null || (string(v?.log_id) && string(v?.tool_slug) && Object.keys(v).length === 2);
const strings = (...names) => (v) => isObject(v) && Object.entries(v).every(([name, text]) => names.includes(name) && string(text));

const head = {
  id: (v) => string(v) && v.startsWith('log_'),
  timestamp: (v) => string(v) && !Number.isNaN(Date.parse(v)),
  type: string,
  status: (v) => v === 'success' || v === 'failed',
  level: (v) => v === 'info' || v === 'error' || v === 'warn',
  metadata: isObject,
  metrics: isObject,
  parent: isParent,
};

export const checkEntry = (entry) => checkFields(entry, head, { message: string });

export const checkDetail = (detail) =>
  checkFields(
    detail,
    { ...head, context: strings('session_id', 'trace_id', 'request_id'), source: strings('host', 'framework', 'language'), data: isObject },
    { message: string, timings: (v) => isObject(v) && integer(v.start_time) && integer(v.end_time) && Object.keys(v).length === 2 },
  );

export function checkPage(page) {
  checkFields(page, { logs: Array.isArray, next_cursor: (v) => v === null || string(v) });
  page.logs.forEach(checkEntry);
}

const counted = { total_quantity: (v) => string(v) && /^\d+$/.test(v), event_count: integer };

export function checkSummary(summary) {
  checkFields(summary, { entities: isObject });
  for (const entity of Object.values(summary.entities)) checkFields(entity, { unit: string, ...counted });
}

export function checkBreakdown(breakdown) {
  checkFields(breakdown, { entity_type: string, unit: string, ...counted, groups: Array.isArray });
  for (const group of breakdown.groups) checkFields(group, { key: string, ...counted });
}

export function checkErrorBody(body, status) {
  checkFields(body, { error: isObject });
  checkFields(body.error, { message: string, status: (v) => v === status, request_id: string }, { suggested_fix: string });
}
