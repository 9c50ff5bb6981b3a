// For each line of JSON that comes in, one that goes out. The first tells where the house is and
// where to put what is made of its types; `client` makes a new client, else the one before is used.
// Each of `calls` is [method, type, request or requests, query]; what it returned or threw is told.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { JsonServiceClient } from "@servicestack/client";
import ts from "typescript";

let client;
let types;

async function load({ baseUrl, folder }) {
  const source = await (await fetch(`${baseUrl}/types/typescript`)).text();
  await writeFile(join(folder, "dtos.ts"), source);
  const compilerOptions = { target: "ES2022", module: "ESNext" };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const path = join(folder, "dtos.mjs");
  await writeFile(path, outputText);
  types = await import(path);
}

function connect({ baseUrl, basePath, bearerToken }) {
  client = new JsonServiceClient(baseUrl);
  if (basePath !== undefined) client.basePath = basePath;
  if (bearerToken) client.bearerToken = bearerToken;
}

async function call([method, name, request, query]) {
  const make = (values) => new types[name](values);
  const sent = Array.isArray(request) ? request.map(make) : make(request);
  try {
    return { value: await client[method](sent, query) };
  } catch ({ message, responseStatus }) {
    return { error: { message, responseStatus } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.load) await load(asked.load);
  if (asked.client) connect(asked.client);
  const told = [];
  for (const each of asked.calls ?? []) told.push(await call(each));
  console.log(JSON.stringify({ told, cookies: Object.keys(client?.cookies ?? {}) }));
}
