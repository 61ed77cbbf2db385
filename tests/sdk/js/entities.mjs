// The entities of the scenarios, and the orchestrations that use them.

import { sdk } from "./sdk.mjs";

class Counter extends sdk.TaskEntity {
  initializeState() {
    return { value: 0 };
  }
  add(amount) {
    this.state.value += amount;
    return this.state.value;
  }
  get() {
    return this.state.value;
  }
  refuse(message) {
    this.state.value = -1;
    throw new Error(message);
  }
  forward({ to, amount }) {
    this.context.signalEntity(sdk.EntityInstanceId.fromString(to), "add", amount);
  }
  begin({ name, input, id }) {
    return this.context.scheduleNewOrchestration(name, input, { instanceId: id });
  }
}

export const entities = { jscounter: () => new Counter() };

const counter = (key) => new sdk.EntityInstanceId("jscounter", key);

export const orchestrations = {
  jsCallsCounter: async function* (ctx, { key, amounts }) {
    const values = [];
    for (const amount of amounts) values.push(yield ctx.entities.callEntity(counter(key), "add", amount));
    return values;
  },

  jsSignalsCounter: async function* (ctx, { key, amounts }) {
    for (const amount of amounts) ctx.entities.signalEntity(counter(key), "add", amount);
    return yield ctx.entities.callEntity(counter(key), "get");
  },

  jsCounterRefuses: async function* (ctx, key) {
    yield ctx.entities.callEntity(counter(key), "add", 5);
    let said = "nothing";
    try {
      yield ctx.entities.callEntity(counter(key), "refuse", "on purpose");
    } catch (error) {
      said = error.message;
    }
    return { said, value: yield ctx.entities.callEntity(counter(key), "get") };
  },

  jsMoves: async function* (ctx, { from, to, amount }) {
    const lock = yield ctx.entities.lockEntities(counter(from), counter(to));
    const inside = ctx.entities.isInCriticalSection().inSection;
    const left = yield ctx.entities.callEntity(counter(from), "add", -amount);
    yield ctx.createTimer(0.05);
    const there = yield ctx.entities.callEntity(counter(to), "add", amount);
    lock.release();
    return { inside, left, there, outside: !ctx.entities.isInCriticalSection().inSection };
  },

  jsHolds: async function* (ctx, key) {
    const lock = yield ctx.entities.lockEntities(counter(key));
    yield ctx.entities.callEntity(counter(key), "add", 1);
    ctx.setCustomStatus("locked");
    yield ctx.waitForExternalEvent("release");
    lock.release();
    return "released";
  },
};
