// For each line of JSON that comes in, one that goes out. `config` makes a new connection, else
// the one before is used; its methods in `calls` are called in turn, and what each returned or
// threw is told, with what the connection knows by then.
import { createInterface } from "node:readline";
import jsforce from "jsforce";

let conn;
let refreshed;

function connect({ refreshBy, ...config }) {
  const refreshFn = async (conn, done) => {
    try {
      const told = await conn.oauth2.requestToken(refreshBy);
      done(null, told.access_token, told);
    } catch (error) {
      done(error);
    }
  };
  conn = new jsforce.Connection(refreshBy ? { ...config, refreshFn } : config);
  refreshed = 0;
  conn.on("refresh", () => (refreshed += 1));
}

async function call(path, ...args) {
  const owner = path.slice(0, -1).reduce((object, name) => object[name], conn);
  try {
    return { value: await owner[path.at(-1)](...args) };
  } catch ({ name, errorCode, message }) {
    return { error: { name, errorCode, message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { config, calls } = JSON.parse(line);
  if (config) connect(config);
  const told = [];
  for (const [name, ...args] of calls) told.push(await call(name.split("."), ...args));
  const { instanceUrl, accessToken, refreshToken, userInfo, limitInfo } = conn;
  const known = { instanceUrl, accessToken, refreshToken, userInfo, limitInfo, refreshed };
  console.log(JSON.stringify({ told, ...known }));
}
