// Answers each line of JSON on stdin by one on stdout. `load` fetches the server's types in a language
// and imports them from a folder; `client` makes a new client, else the last one is used. Each of
// `calls` is [method, type, request or requests, query]; `told` has the value or the error of each.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { JsonServiceClient } from "@servicestack/client";
import ts from "typescript";

let client;
let types;

async function load({ baseUrl, folder, language }) {
  const source = await (await fetch(`${baseUrl}/types/${language}`)).text();
  if (language === "typescript") await writeFile(join(folder, "dtos.ts"), source);
  const path = join(folder, "dtos.mjs");
  await writeFile(path, language === "typescript" ? compile(source) : source);
  types = await import(path);
}

function compile(source) {
  const compilerOptions = { target: "ES2022", module: "ESNext" };
  return ts.transpileModule(source, { compilerOptions }).outputText;
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
