// The app that the scenarios run: what its orchestrations and activities do is in their names.

import { sdk } from "./sdk.mjs";

const attempts = new Map(); // of the activities that fail at first, by key, in this process

export const activities = {
  jsGreet: async (_, city) => `Hello, ${city}!`,
  jsSquare: async (_, number) => number * number,
  jsFail: async (_, message) => {
    throw new RangeError(message);
  },
  jsFailTwice: async (_, key) => {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    if (attempt < 3) throw new Error(`attempt ${attempt}`);
    return attempt;
  },
  jsFailOnce: async (_, key) => {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    if (attempt < 2) throw new Error(`attempt ${attempt}`);
    return attempt;
  },
  jsRepeat: async (_, { letter, times }) => letter.repeat(times),
  jsWhoServes: async () => process.pid,
};

export const orchestrations = {
  jsGreetAll: async function* (ctx, cities) {
    const greetings = [];
    for (const city of cities) greetings.push(yield ctx.callActivity("jsGreet", city));
    return greetings;
  },

  jsSquares: async function* (ctx, count) {
    const tasks = Array.from({ length: count }, (_, n) => ctx.callActivity("jsSquare", n));
    const squares = yield sdk.whenAll(tasks);
    return squares.reduce((sum, square) => sum + square, 0);
  },

  jsSleep: async function* (ctx, seconds) {
    const before = ctx.currentUtcDateTime.getTime();
    yield ctx.createTimer(seconds);
    return ctx.currentUtcDateTime.getTime() - before;
  },

  jsDeadline: async function* (ctx, seconds) {
    const approval = ctx.waitForExternalEvent("approval");
    const winner = yield sdk.whenAny([approval, ctx.createTimer(seconds)]);
    return winner === approval ? approval.getResult() : "too late";
  },

  jsCollect: async function* (ctx, names) {
    const seen = [];
    for (const name of names) seen.push(yield ctx.waitForExternalEvent(name));
    return seen;
  },

  jsSendTo: async function* (ctx, { to, name, data }) {
    ctx.sendEvent(to, name, data);
    yield ctx.createTimer(0.01);
    return "sent";
  },

  jsParent: async function* (ctx, depth) {
    const own = { id: ctx.instanceId, parent: ctx.parent ?? null };
    if (depth === 0) return [own];
    return [own, ...(yield ctx.callSubOrchestrator("jsParent", depth - 1))];
  },

  jsNamesItsChild: async function* (ctx, childId) {
    return yield ctx.callSubOrchestrator("jsGreetAll", ["Lima"], { instanceId: childId });
  },

  jsHasChildren: async function* (ctx, ids) {
    yield sdk.whenAll(
      ids.map((instanceId) =>
        ctx.callSubOrchestrator("jsCollect", ["never"], { instanceId }),
      ),
    );
  },

  jsChildFails: async function* (ctx) {
    try {
      yield ctx.callSubOrchestrator("jsActivityFails", "in the child");
    } catch (error) {
      return { type: error.constructor.name, message: error.message };
    }
    return "no failure";
  },

  jsActivityFails: async function* (ctx, message) {
    yield ctx.callActivity("jsFail", message);
  },

  jsCatches: async function* (ctx, message) {
    try {
      yield ctx.callActivity("jsFail", message);
    } catch (error) {
      return { type: error.details.errorType, message: error.details.message };
    }
    return "no failure";
  },

  jsRetries: async function* (ctx, key) {
    const retry = new sdk.RetryPolicy({ maxNumberOfAttempts: 3, firstRetryIntervalInMilliseconds: 50 });
    return yield ctx.callActivity("jsFailTwice", key, { retry });
  },

  jsRetriesAndWaits: async function* (ctx, key) {
    const retry = new sdk.RetryPolicy({ maxNumberOfAttempts: 3, firstRetryIntervalInMilliseconds: 20 });
    const attempts = yield ctx.callActivity("jsFailTwice", key, { retry });
    const squares = yield sdk.whenAll([2, 3].map((n) => ctx.callActivity("jsSquare", n)));
    const go = yield ctx.waitForExternalEvent("go");
    return [attempts, squares, go, yield ctx.callActivity("jsGreet", "Lima")];
  },

  jsRetriesInVain: async function* (ctx) {
    const retry = new sdk.RetryPolicy({ maxNumberOfAttempts: 2, firstRetryIntervalInMilliseconds: 20 });
    yield ctx.callActivity("jsFail", "every time", { retry });
  },

  jsRetriesByHandler: async function* (ctx, key) {
    const retry = async (failed) => failed.lastAttemptNumber < 5;
    return yield ctx.callActivity("jsFailTwice", key, { retry });
  },

  jsRetriesAChild: async function* (ctx, key) {
    const retry = new sdk.RetryPolicy({ maxNumberOfAttempts: 3, firstRetryIntervalInMilliseconds: 20 });
    return yield ctx.callSubOrchestrator("jsFailsOnceInside", key, { retry });
  },

  jsFailsOnceInside: async function* (ctx, key) {
    return yield ctx.callActivity("jsFailOnce", key);
  },

  jsCountTo: async function* (ctx, { now, end }) {
    yield ctx.callActivity("jsSquare", now);
    if (now < end) ctx.continueAsNew({ now: now + 1, end }, false);
    return now;
  },

  jsKeepsEvents: async function* (ctx, sum) {
    const number = yield ctx.waitForExternalEvent("add");
    if (number === 0) return sum;
    ctx.continueAsNew(sum + number, true);
  },

  jsReports: async function* (ctx) {
    ctx.setCustomStatus({ step: 1 });
    yield ctx.waitForExternalEvent("next");
    ctx.setCustomStatus("step 2");
    yield ctx.waitForExternalEvent("next");
    return "done";
  },

  jsGuids: async function* (ctx) {
    const before = [ctx.newGuid(), ctx.newGuid()];
    yield ctx.createTimer(0.01);
    return [...before, ctx.newGuid()];
  },

  jsVersion: async function* (ctx) {
    return { version: ctx.version, newer: ctx.compareVersionTo("1.5.0") > 0 };
  },

  jsRepeats: async function* (ctx, given) {
    const made = yield ctx.callActivity("jsRepeat", given);
    return made;
  },

  jsRewound: async function* (ctx, key) {
    const first = yield ctx.callActivity("jsGreet", "Cairo");
    const attempt = yield ctx.callActivity("jsFailOnce", key);
    return [first, attempt];
  },

  jsParentRewound: async function* (ctx, key) {
    return yield ctx.callSubOrchestrator("jsRewound", key);
  },

  jsWhere: async function* (ctx) {
    return yield ctx.callActivity("jsWhoServes", null);
  },
};
