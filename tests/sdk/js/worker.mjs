// A worker of the app: node worker.mjs ENDPOINT TASKHUB [--filtered | --filter-versions NAME=V1,V2]
//
// It writes "worker ready" once it is connected and works until SIGTERM or SIGINT.
// --filtered: takes only what it has registered. --filter-versions: takes only that orchestration, in
// those versions, and every activity of an orchestration in those versions.

import * as entityApp from "./entities.mjs";
import * as app from "./orchestrations.mjs";
import { connection, sdk } from "./sdk.mjs";

const [endpoint, taskHub, how, which] = process.argv.slice(2);

function filters() {
  if (how === "--filtered") return "auto";
  if (how !== "--filter-versions") return undefined;
  const [name, list] = which.split("=");
  const versions = list.split(",");
  return {
    orchestrations: [{ name, versions }],
    activities: Object.keys(app.activities).map((activity) => ({ name: activity, versions })),
  };
}

const worker = new sdk.TaskHubGrpcWorker({
  ...connection(endpoint, taskHub),
  workItemFilters: filters(),
  shutdownTimeoutMs: 2000,
});
for (const [name, run] of Object.entries({ ...app.orchestrations, ...entityApp.orchestrations })) {
  worker.addNamedOrchestrator(name, run);
}
for (const [name, run] of Object.entries(app.activities)) worker.addNamedActivity(name, run);
for (const [name, make] of Object.entries(entityApp.entities)) worker.addNamedEntity(name, make);

await worker.start();
console.log("worker ready");
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => worker.stop().finally(() => process.exit(0)));
}
