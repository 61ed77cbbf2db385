// What a scenario is given: a client, instance IDs of its own, and short ways to wait.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { grpc, sdk } from "./sdk.mjs";

const WITHIN = 45; // seconds in which anything must come about
export const Status = sdk.OrchestrationStatus;

export class Scenario {
  constructor(client) {
    this.client = client;
    this.prefix = `js-${randomUUID()}`; // of all instances of this scenario
  }

  id(name) {
    return `${this.prefix}-${name}`;
  }

  start(name, input, options) {
    return this.client.scheduleNewOrchestration(name, input, options);
  }

  ended(id) {
    return this.client.waitForOrchestrationCompletion(id, true, WITHIN);
  }

  begun(id) {
    return this.client.waitForOrchestrationStart(id, true, WITHIN);
  }

  /** Start an orchestration and return its end state. */
  async run(name, input, options) {
    return this.ended(await this.start(name, input, options));
  }

  /** Start an orchestration that must complete, and return its output. */
  async output(name, input, options) {
    const state = await this.run(name, input, options);
    assert.equal(state.runtimeStatus, Status.COMPLETED, state.failureDetails?.message);
    return state.serializedOutput === undefined ? undefined : JSON.parse(state.serializedOutput);
  }

  /** Return the first answer of *look* that is true. */
  async until(look) {
    const deadline = Date.now() + WITHIN * 1000;
    for (;;) {
      const found = await look();
      if (found) return found;
      assert.ok(Date.now() < deadline, "it did not come about");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async once(id, status) {
    return this.until(async () => {
      const state = await this.client.getOrchestrationState(id, true);
      return state?.runtimeStatus === status && state;
    });
  }

  async reports(id, customStatus) {
    return this.until(async () => {
      const state = await this.client.getOrchestrationState(id, true);
      return state?.serializedCustomStatus === JSON.stringify(customStatus) && state;
    });
  }

  /** Expect *call* to be refused with a status code, named as in gRPC. */
  async refused(code, call) {
    await assert.rejects(call, (error) => {
      const name = Object.keys(grpc.status).find((key) => grpc.status[key] === error.code);
      assert.equal(name, code, error.message);
      return true;
    });
  }
}
