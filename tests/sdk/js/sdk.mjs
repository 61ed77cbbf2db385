// The installed SDK, and what a client and a worker of it are given here.
//
// The packages are in a cache folder, not beside these files: DURAHUB_JS_PACKAGES names it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.DURAHUB_JS_PACKAGES, "package.json"));

export const sdk = require("@microsoft/durabletask-js");
export const grpc = require("@grpc/grpc-js");

const { DURAHUB_TEST_TOKEN: token, DURAHUB_TEST_CA: authority } = process.env;

/**
 * Options of a client or a worker of *taskHub* at *endpoint* ("127.0.0.1:8080").
 *
 * With DURAHUB_TEST_TOKEN it shows that, and logs. It speaks TLS where DURAHUB_TEST_CA names the authority, which it is
 * given, and with DURAHUB_TEST_TLS, by the authorities of gRPC's own variable.
 */
export function connection(endpoint, taskHub) {
  return {
    hostAddress: endpoint,
    useTLS: Boolean(process.env.DURAHUB_TEST_TLS),
    credentials: authority && grpc.credentials.createSsl(readFileSync(authority)),
    logger: token ? new sdk.ConsoleLogger() : new sdk.NoOpLogger(),
    metadataGenerator: async () => {
      const metadata = new grpc.Metadata();
      metadata.set("taskhub", taskHub);
      if (token) metadata.set("authorization", `Bearer ${token}`);
      return metadata;
    },
  };
}
