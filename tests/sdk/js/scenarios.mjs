// The scenarios of orchestrations, by name. The names are those of tests/sdk/scenarios.py.

import assert from "node:assert/strict";

import { Status } from "./scenario.mjs";
import { sdk } from "./sdk.mjs";

const CITIES = ["Tokyo", "Seattle", "London"];
const NOBODY = "nobody-knows-this-instance";

async function collect(pageable) {
  const found = [];
  for await (const one of pageable) found.push(one);
  return found;
}

export const scenarios = {
  async chain(t) {
    const greetings = await t.output("jsGreetAll", CITIES);
    assert.deepEqual(greetings, CITIES.map((city) => `Hello, ${city}!`));
  },

  async fan_out(t) {
    assert.equal(await t.output("jsSquares", 30), 8555);
  },

  async timer(t) {
    const started = Date.now();
    const state = await t.run("jsSleep", 0.5);
    assert.ok(Date.now() - started >= 500);
    assert.ok(JSON.parse(state.serializedOutput) >= 500);
    assert.ok(state.lastUpdatedAt - state.createdAt >= 500);
  },

  async timer_loses_to_event(t) {
    const id = await t.start("jsDeadline", 60);
    await t.client.raiseOrchestrationEvent(id, "approval", { by: "me" });
    assert.deepEqual(JSON.parse((await t.ended(id)).serializedOutput), { by: "me" });
    assert.equal(await t.output("jsDeadline", 0.05), "too late");
  },

  async events_keep_their_order(t) {
    const id = await t.start("jsCollect", ["a", "b", "a"], t.id("events"));
    for (const [name, data] of [["b", 1], ["A", 2], ["a", 3]]) {
      await t.client.raiseOrchestrationEvent(id, name, data);
    }
    assert.deepEqual(JSON.parse((await t.ended(id)).serializedOutput), [2, 1, 3]);
  },

  async event_to_unknown(t) {
    await t.refused("NOT_FOUND", () => t.client.raiseOrchestrationEvent(NOBODY, "any", 1));
  },

  async event_between_orchestrations(t) {
    const id = await t.start("jsCollect", ["from-afar"]);
    await t.begun(id);
    await t.output("jsSendTo", { to: id, name: "from-afar", data: [1, 2] });
    assert.deepEqual(JSON.parse((await t.ended(id)).serializedOutput), [[1, 2]]);
  },

  async children(t) {
    const [own, child, grandchild] = await t.output("jsParent", 2, t.id("parent"));
    assert.equal(own.parent, null);
    assert.equal(child.parent.instanceId, own.id);
    assert.equal(child.parent.name, "jsParent");
    assert.equal(child.parent.taskScheduledId, 0); // as DTFx numbers actions
    assert.equal(grandchild.parent.instanceId, child.id);
  },

  async child_ids(t) {
    const chosen = t.id("chosen");
    assert.deepEqual(await t.output("jsNamesItsChild", chosen), ["Hello, Lima!"]);
    assert.equal((await t.client.getOrchestrationState(chosen)).runtimeStatus, Status.COMPLETED);
    const [first] = (await t.output("jsParent", 1)).slice(1);
    const [second] = (await t.output("jsParent", 1)).slice(1);
    assert.notEqual(first.id, second.id);
  },

  async child_failure(t) {
    const caught = await t.output("jsChildFails");
    assert.equal(caught.type, "TaskFailedError");
    assert.match(caught.message, /in the child/);
  },

  async activity_failure(t) {
    assert.deepEqual(await t.output("jsCatches", "not today"), {
      type: "RangeError",
      message: "not today",
    });
    const state = await t.run("jsActivityFails", "for good");
    assert.equal(state.runtimeStatus, Status.FAILED);
    assert.match(state.failureDetails.message, /for good/);
    assert.ok(state.failureDetails.stackTrace);
    assert.throws(() => state.raiseIfFailed());
  },

  async unknown_orchestrator(t) {
    const state = await t.run("jsNobodyWroteThis");
    assert.equal(state.runtimeStatus, Status.FAILED);
    assert.match(state.failureDetails.message, /jsNobodyWroteThis/);
  },

  async retries(t) {
    assert.equal(await t.output("jsRetries", t.id("policy")), 3);
    assert.equal(await t.output("jsRetriesAChild", t.id("child")), 2);
    const state = await t.run("jsRetriesInVain");
    assert.equal(state.runtimeStatus, Status.FAILED);
  },

  async retry_handler(t) {
    assert.equal(await t.output("jsRetriesByHandler", t.id("handler")), 3);
  },

  async continue_as_new(t) {
    const id = await t.start("jsCountTo", { now: 1, end: 6 });
    const state = await t.ended(id);
    assert.equal(state.serializedOutput, "6");
    assert.deepEqual(JSON.parse(state.serializedInput), { now: 6, end: 6 });
  },

  async continue_as_new_keeps_events(t) {
    const id = await t.start("jsKeepsEvents", 0);
    for (const number of [1, 2, 3, 4, 0]) {
      await t.client.raiseOrchestrationEvent(id, "add", number);
    }
    assert.equal((await t.ended(id)).serializedOutput, "10");
  },

  async custom_status(t) {
    const id = await t.start("jsReports");
    await t.reports(id, { step: 1 });
    await t.client.raiseOrchestrationEvent(id, "next");
    await t.reports(id, "step 2");
    await t.client.raiseOrchestrationEvent(id, "next");
    assert.equal((await t.ended(id)).serializedCustomStatus, '"step 2"');
  },

  async suspend_and_resume(t) {
    const id = await t.start("jsCollect", ["go"]);
    await t.begun(id);
    await t.client.suspendOrchestration(id);
    await t.once(id, Status.SUSPENDED);
    await t.client.raiseOrchestrationEvent(id, "go", 7);
    assert.equal((await t.client.getOrchestrationState(id)).runtimeStatus, Status.SUSPENDED);
    await t.client.resumeOrchestration(id);
    const state = await t.ended(id);
    assert.deepEqual([state.runtimeStatus, state.serializedOutput], [Status.COMPLETED, "[7]"]);
  },

  async terminate(t) {
    const id = await t.start("jsCollect", ["never"]);
    await t.begun(id);
    await t.client.terminateOrchestration(id, { why: "enough" });
    const state = await t.ended(id);
    assert.equal(state.runtimeStatus, Status.TERMINATED);
    assert.deepEqual(JSON.parse(state.serializedOutput), { why: "enough" });
  },

  async terminate_children(t) {
    for (const recursive of [true, false]) {
      const children = ["x", "y"].map((name) => t.id(`${recursive}-${name}`));
      const id = await t.start("jsHasChildren", children);
      for (const child of children) await t.once(child, Status.RUNNING);
      await t.client.terminateOrchestration(id, sdk.terminateOptions({ recursive, output: "cut" }));
      await t.ended(id);
      if (recursive) {
        for (const child of children) {
          assert.equal((await t.ended(child)).runtimeStatus, Status.TERMINATED);
        }
      } else {
        await t.client.raiseOrchestrationEvent(children[0], "never", 1);
        assert.equal((await t.ended(children[0])).runtimeStatus, Status.COMPLETED);
      }
    }
  },

  async tags(t) {
    const tags = { team: "blue", "cost centre": "4711" };
    const id = await t.start("jsGreetAll", ["Lima"], { instanceId: t.id("tagged"), tags });
    assert.deepEqual((await t.ended(id)).tags, tags);
  },

  async version(t) {
    const given = await t.output("jsVersion", null, { version: "2.0.0" });
    assert.deepEqual(given, { version: "2.0.0", newer: true });
    assert.equal((await t.output("jsVersion", null)).version, "");
  },

  async scheduled_start(t) {
    const due = new Date(Date.now() + 700);
    const id = await t.start("jsGreetAll", ["Lima"], { startAt: due });
    assert.equal((await t.client.getOrchestrationState(id)).runtimeStatus, Status.PENDING);
    const state = await t.ended(id);
    assert.equal(state.runtimeStatus, Status.COMPLETED);
    assert.ok(Date.now() >= due.getTime());
  },

  async guids(t) {
    const made = await t.output("jsGuids");
    assert.equal(new Set(made).size, 3);
  },

  async restart(t) {
    const id = await t.start("jsGreetAll", ["Lima"], t.id("original"));
    const first = await t.ended(id);
    const other = await t.client.restartOrchestration(id, true);
    assert.notEqual(other, id);
    assert.equal((await t.ended(other)).serializedOutput, '["Hello, Lima!"]');
    assert.equal(await t.client.restartOrchestration(id, false), id);
    const again = await t.until(async () => {
      const state = await t.ended(id);
      return state.createdAt > first.createdAt && state;
    });
    assert.equal(again.serializedOutput, '["Hello, Lima!"]');
    await assert.rejects(() => t.client.restartOrchestration(NOBODY, false));
  },

  async rewind(t) {
    const id = await t.start("jsParentRewound", t.id("rewound"));
    assert.equal((await t.ended(id)).runtimeStatus, Status.FAILED);
    await t.client.rewindInstance(id, "try again");
    const state = await t.once(id, Status.COMPLETED);
    assert.deepEqual(JSON.parse(state.serializedOutput), ["Hello, Cairo!", 2]);
    await assert.rejects(() => t.client.rewindInstance(NOBODY, "no"));
    await assert.rejects(() => t.client.rewindInstance(id, "it has completed"));
  },

  async purge(t) {
    const id = await t.start("jsGreetAll", ["Lima"]);
    await t.ended(id);
    assert.equal((await t.client.purgeOrchestration(id)).deletedInstanceCount, 1);
    assert.equal(await t.client.getOrchestrationState(id), undefined);
    assert.equal((await t.client.purgeOrchestration(id)).deletedInstanceCount, 0);
  },

  async purge_children(t) {
    const id = await t.start("jsParent", 2, t.id("family"));
    const family = JSON.parse((await t.ended(id)).serializedOutput).map((one) => one.id);
    const purged = await t.client.purgeOrchestration(id, { recursive: true });
    assert.equal(purged.deletedInstanceCount, 3);
    for (const one of family) assert.equal(await t.client.getOrchestrationState(one), undefined);
  },

  async purge_by_filter(t) {
    const from = new Date();
    const id = await t.start("jsActivityFails", "purged by status", t.id("purged"));
    const state = await t.ended(id);
    const criteria = new sdk.PurgeInstanceCriteria();
    criteria.setCreatedTimeFrom(new Date(state.createdAt.getTime() - 1));
    criteria.setCreatedTimeTo(new Date(state.createdAt.getTime() + 1));
    criteria.setRuntimeStatusList([Status.FAILED]);
    assert.ok((await t.client.purgeOrchestration(criteria)).deletedInstanceCount >= 1);
    assert.equal(await t.client.getOrchestrationState(id), undefined);
    assert.ok(from <= new Date());
  },

  async query_pages(t) {
    const ids = ["1", "2", "3", "4", "5"].map((name) => t.id(name));
    for (const id of ids) await t.start("jsGreetAll", ["Lima"], id);
    for (const id of ids) await t.ended(id);
    const query = { instanceIdPrefix: t.prefix, pageSize: 2, fetchInputsAndOutputs: true };
    const sizes = [];
    const found = [];
    for await (const page of t.client.getAllInstances(query).asPages()) {
      sizes.push(page.values.length);
      found.push(...page.values);
    }
    assert.ok(sizes.every((size) => size <= 2), String(sizes));
    assert.deepEqual(found.map((state) => state.instanceId).sort(), ids);
    assert.ok(found.every((state) => state.serializedOutput === '["Hello, Lima!"]'));
  },

  async query_by_status_and_time(t) {
    const [done, open] = [t.id("done"), t.id("open")];
    await t.run("jsGreetAll", ["Lima"], done);
    await t.start("jsCollect", ["never"], open);
    const { createdAt } = await t.begun(open);
    const ids = async (filter) =>
      (await collect(t.client.getAllInstances({ instanceIdPrefix: t.prefix, ...filter })))
        .map((state) => state.instanceId)
        .sort();
    assert.deepEqual(await ids({}), [done, open]);
    assert.deepEqual(await ids({ statuses: [Status.RUNNING] }), [open]);
    assert.deepEqual(await ids({ statuses: [Status.FAILED] }), []);
    assert.deepEqual(await ids({ createdTo: new Date(createdAt.getTime() - 60_000) }), []);
    assert.deepEqual(await ids({ createdFrom: new Date(createdAt.getTime() - 60_000) }), [done, open]);
    await t.client.terminateOrchestration(open);
  },

  async list_instance_ids(t) {
    const from = new Date(Date.now() - 1);
    const ids = ["1", "2", "3"].map((name) => t.id(name));
    for (const id of ids) await t.run("jsGreetAll", ["Lima"], id);
    const listed = [];
    let lastInstanceKey;
    do {
      const page = await t.client.listInstanceIds({
        runtimeStatus: [Status.COMPLETED],
        completedTimeFrom: from,
        pageSize: 2,
        lastInstanceKey,
      });
      assert.ok(page.values.length <= 2);
      listed.push(...page.values);
      lastInstanceKey = page.continuationToken;
    } while (lastInstanceKey);
    assert.deepEqual(ids.filter((id) => listed.includes(id)), ids);
  },

  async history(t) {
    const id = await t.start("jsGreetAll", ["Lima"]);
    await t.ended(id);
    const types = (await t.client.getOrchestrationHistory(id)).map((event) => event.type);
    assert.deepEqual(types, [
      sdk.HistoryEventType.OrchestratorStarted,
      sdk.HistoryEventType.ExecutionStarted,
      sdk.HistoryEventType.TaskScheduled,
      sdk.HistoryEventType.OrchestratorStarted,
      sdk.HistoryEventType.TaskCompleted,
      sdk.HistoryEventType.ExecutionCompleted,
    ]);
  },

  async id_reuse(t) {
    const id = await t.start("jsCollect", ["again"], t.id("reused"));
    const first = await t.begun(id);
    await t.refused("ALREADY_EXISTS", () => t.start("jsGreetAll", ["Lima"], id));
    await t.client.raiseOrchestrationEvent(id, "again", 1);
    await t.ended(id);
    await t.start("jsGreetAll", ["Lima"], id);
    const second = await t.ended(id);
    assert.equal(second.serializedOutput, '["Hello, Lima!"]');
    assert.ok(second.createdAt > first.createdAt);
  },

  async unknown_instance(t) {
    assert.equal(await t.client.getOrchestrationState(NOBODY, true), undefined);
    await t.refused("NOT_FOUND", () => t.client.terminateOrchestration(NOBODY, null));
    await t.refused("NOT_FOUND", () => t.client.suspendOrchestration(NOBODY));
    await t.refused("NOT_FOUND", () => t.client.resumeOrchestration(NOBODY));
  },

  async payloads(t) {
    const made = await t.output("jsRepeats", { letter: "é", times: 200_000 });
    assert.equal(made, "é".repeat(200_000));
    assert.equal(await t.output("jsRepeats", { letter: "\u2028\u0000😀'\"\\", times: 1 }), "\u2028\u0000😀'\"\\");
  },

  async many_at_once(t) {
    const ids = await Promise.all(
      Array.from({ length: 40 }, (_, n) => t.start("jsSquares", 5, t.id(n))),
    );
    const states = await Promise.all(ids.map((id) => t.ended(id)));
    assert.ok(states.every((state) => state.serializedOutput === "30"));
  },
};
