// A Prism proxy before each service, all in one process: what `prism proxy CONTRACT URL` starts, as its own modules do
// it. Given: a JSON object of name -> {contract, upstream}. Prints one line for each, `name url`, and ends with its
// standard input. What breaks the contract is told in the header `sl-violations` of the answer.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { getHttpOperationsFromSpec } = require("@stoplight/prism-http");
const { createServer } = require("@stoplight/prism-http-server");
const { createLogger } = require("@stoplight/prism-core");

for (const [name, { contract, upstream }] of Object.entries(JSON.parse(process.argv[2]))) {
  const server = createServer(await getHttpOperationsFromSpec(contract), {
    cors: false,
    components: { logger: createLogger(name, { level: "fatal" }) },
    config: {
      isProxy: true,
      upstream: new URL(upstream),
      validateRequest: true,
      validateResponse: true,
      checkSecurity: true,
      errors: false,
      mock: { dynamic: false },
    },
  });
  process.stdout.write(`${name} ${await server.listen(0, "127.0.0.1")}\n`);
}
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
