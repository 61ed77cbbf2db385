// Runs scenarios: node driver.mjs ENDPOINT TASKHUB SCENARIO...
//
// For each one a line of JSON: {"scenario": ..., "seconds": ..., "error": null or a text}. Some run at
// the same time. Without names it writes those of all scenarios, one a line.

import { scenarios as ofEntities } from "./entity_scenarios.mjs";
import { Scenario } from "./scenario.mjs";
import { scenarios as ofOrchestrations } from "./scenarios.mjs";
import { connection, sdk } from "./sdk.mjs";

const AT_ONCE = 6;
const scenarios = { ...ofOrchestrations, ...ofEntities };
const [endpoint, taskHub, ...names] = process.argv.slice(2);
const client = new sdk.TaskHubGrpcClient(connection(endpoint, taskHub));

async function run(name) {
  const started = Date.now();
  let error = null;
  try {
    await scenarios[name](new Scenario(client));
  } catch (raised) {
    error = raised?.stack ?? String(raised);
  }
  console.log(JSON.stringify({ scenario: name, seconds: (Date.now() - started) / 1000, error }));
}

async function runSome(waiting) {
  while (waiting.length) await run(waiting.shift());
}

if (names.length === 0) Object.keys(scenarios).forEach((name) => console.log(name));
const waiting = [...names];
await Promise.all(Array.from({ length: AT_ONCE }, () => runSome(waiting)));
process.exit(0); // without the second that a client takes to stop
