// The installed SDK, and what a client and a worker of it are given here.
//
// The packages are in a cache folder, not beside these files: DURAHUB_JS_PACKAGES names it.

import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.DURAHUB_JS_PACKAGES, "package.json"));

export const sdk = require("@microsoft/durabletask-js");
export const grpc = require("@grpc/grpc-js");

/** Options of a client or a worker of *taskHub* at *endpoint* ("127.0.0.1:8080"), which has no keys. */
export function connection(endpoint, taskHub) {
  return {
    hostAddress: endpoint,
    logger: new sdk.NoOpLogger(),
    metadataGenerator: async () => {
      const metadata = new grpc.Metadata();
      metadata.set("taskhub", taskHub);
      return metadata;
    },
  };
}
