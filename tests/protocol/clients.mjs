// What every scenario of these tests starts with: the clients, `given` (what the test passes) and `say` (one line of
// JSON to the test).
import { serverAudits } from 'graphql-http';
import { createClient as createEventsClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';

const given = JSON.parse(process.argv[2]);
const say = (value) => process.stdout.write(JSON.stringify(value ?? null) + '\n');

const sockets = (options = {}) => {
  const { headers, ...rest } = options;
  const Socket = class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { headers });
    }
  };
  return createSocketClient({
    url: given.url.replace('http', 'ws'),
    webSocketImpl: Socket,
    retryAttempts: 0,
    ...rest,
  });
};
const events = (options = {}) => createEventsClient({ url: given.url, retryAttempts: 0, ...options });

// Every result of an operation until it completes, or as many as `most`; what it fails with is told as `failed`.
const all = async (client, request, most = Infinity) => {
  const results = [];
  try {
    for await (const result of client.iterate(request)) {
      results.push(result);
      if (results.length >= most) break;
    }
  } catch (error) {
    results.push({
      failed: Array.isArray(error)
        ? error
        : { code: error.code, reason: error.reason ?? error.message, status: error.response?.status },
    });
  }
  return results;
};
