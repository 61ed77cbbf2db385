// The scenarios of entities, by name. The names are those of tests/sdk/scenarios.py.

import assert from "node:assert/strict";

import { Status } from "./scenario.mjs";
import { sdk } from "./sdk.mjs";

const counter = (key) => new sdk.EntityInstanceId("jscounter", key);

async function value(t, key) {
  return (await t.client.getEntity(counter(key), true))?.state?.value;
}

async function reaches(t, key, expected) {
  await t.until(async () => (await value(t, key)) === expected);
}

export const scenarios = {
  async entity_signals(t) {
    const key = t.id("signalled");
    for (let n = 0; n < 10; n += 1) await t.client.signalEntity(counter(key), "add", n);
    await reaches(t, key, 45);
    const found = await t.client.getEntity(counter(key), true);
    assert.equal(found.id.toString(), `@jscounter@${key}`);
    assert.equal(found.backlogQueueSize, 0);
    assert.equal(found.lockedBy, undefined);
    assert.ok(Math.abs(found.lastModifiedTime - Date.now()) < 60_000);
    const stateless = await t.client.getEntity(counter(key), false);
    assert.equal(stateless.includesState, false);
  },

  async entity_calls(t) {
    const key = t.id("called");
    assert.deepEqual(await t.output("jsCallsCounter", { key, amounts: [3, 4, -1] }), [3, 7, 6]);
    assert.equal(await t.output("jsSignalsCounter", { key, amounts: [1, 1, 1] }), 9);
  },

  async entity_failure(t) {
    const { said, value: kept } = await t.output("jsCounterRefuses", t.id("refusing"));
    assert.match(said, /on purpose/);
    assert.equal(kept, 5);
  },

  async entity_unknown(t) {
    assert.equal(await t.client.getEntity(counter(t.id("nobody"))), undefined);
  },

  async entity_delayed_signal(t) {
    const key = t.id("later");
    const due = new Date(Date.now() + 800);
    await t.client.signalEntity(counter(key), "add", 1, { signalTime: due });
    await t.client.signalEntity(counter(key), "add", 10);
    await reaches(t, key, 10);
    await reaches(t, key, 11);
    assert.ok(Date.now() >= due.getTime());
  },

  async entity_delete(t) {
    const key = t.id("deleted");
    await t.client.signalEntity(counter(key), "add", 1);
    await reaches(t, key, 1);
    await t.client.signalEntity(counter(key), "delete");
    await t.until(async () => (await t.client.getEntity(counter(key))) === undefined);
    await t.client.signalEntity(counter(key), "add", 7);
    await reaches(t, key, 7);
  },

  async entity_locks(t) {
    const [a, b] = [t.id("a"), t.id("b")];
    const moves = await Promise.all([
      t.start("jsMoves", { from: a, to: b, amount: 1 }),
      t.start("jsMoves", { from: b, to: a, amount: 10 }),
      t.start("jsMoves", { from: a, to: b, amount: 100 }),
    ]);
    for (const id of moves) {
      const state = await t.ended(id);
      assert.equal(state.runtimeStatus, Status.COMPLETED, state.failureDetails?.message);
      const { inside, outside, left, there } = JSON.parse(state.serializedOutput);
      assert.deepEqual([inside, outside, left + there], [true, true, 0]);
    }
    assert.deepEqual([await value(t, a), await value(t, b)], [-91, 91]);
  },

  async entity_locked_by(t) {
    const key = t.id("held");
    const id = await t.start("jsHolds", key);
    await t.reports(id, "locked");
    assert.equal((await t.client.getEntity(counter(key))).lockedBy, id);
    await t.client.signalEntity(counter(key), "add", 5); // it waits for the lock
    assert.equal(await value(t, key), 1);
    await t.client.raiseOrchestrationEvent(id, "release");
    assert.equal((await t.ended(id)).serializedOutput, '"released"');
    await reaches(t, key, 6);
    assert.equal((await t.client.getEntity(counter(key))).lockedBy, undefined);
  },

  async entity_signals_entity(t) {
    const [from, to] = [t.id("from"), t.id("to")];
    await t.client.signalEntity(counter(from), "forward", { to: `@jscounter@${to}`, amount: 3 });
    await reaches(t, to, 3);
  },

  async entity_starts_orchestration(t) {
    const id = t.id("begun");
    const given = { name: "jsGreetAll", input: ["Lima"], id };
    await t.client.signalEntity(counter(t.id("beginner")), "begin", given);
    await t.until(() => t.client.getOrchestrationState(id));
    assert.equal((await t.ended(id)).serializedOutput, '["Hello, Lima!"]');
  },

  async entity_query(t) {
    const keys = ["1", "2", "3", "4", "5"].map((name) => t.id(name));
    for (const key of keys) await t.client.signalEntity(counter(key), "add", 2);
    for (const key of keys) await reaches(t, key, 2);
    const query = {
      instanceIdStartsWith: `@jscounter@${t.prefix}`,
      pageSize: 2,
      includeState: true,
      lastModifiedFrom: new Date(Date.now() - 60_000),
    };
    const found = [];
    for await (const page of t.client.getEntities(query).asPages()) {
      assert.ok(page.values.length <= 2);
      found.push(...page.values);
    }
    assert.deepEqual(found.map((one) => one.id.key).sort(), keys);
    assert.ok(found.every((one) => one.state.value === 2));
  },

  async entity_clean(t) {
    const key = t.id("emptied");
    await t.client.signalEntity(counter(key), "add", 1);
    await reaches(t, key, 1);
    await t.client.signalEntity(counter(key), "delete");
    await t.until(async () => (await value(t, key)) === undefined);
    const cleaned = await t.client.cleanEntityStorage({
      removeEmptyEntities: true,
      releaseOrphanedLocks: true,
    });
    assert.ok(cleaned.emptyEntitiesRemoved >= 0);
    assert.equal(cleaned.continuationToken, undefined);
  },

  async entity_bad_id(t) {
    await t.refused("INVALID_ARGUMENT", () => t.client.signalEntity(counter("k".repeat(2000)), "add", 1));
  },
};
