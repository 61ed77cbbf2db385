// Loaded into Azurite by benchmarks/stores.py for hubs of 100,000 instances: there its dump of every row
// into its file, each five seconds, stops it for as long as that, and nothing else would be measured.
"use strict";
const Module = require("node:module");
const load = Module._load;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (request === "lokijs") {
    loaded.prototype.autosaveEnable = () => {};
  }
  return loaded;
};
