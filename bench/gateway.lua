-- What wrk sends for bench/gateway.py: one POST over and over, each time with the next bearer token of a file.
-- BENCH_BODY is the body, BENCH_TOKENS the file, a token on each line.
local requests, sent = {}, 0

function init(arguments)
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    requests[#requests + 1] = wrk.format("POST", "/graphql", {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json",
      ["Authorization"] = "Bearer " .. token,
    }, os.getenv("BENCH_BODY"))
  end
end

function request()
  sent = sent % #requests + 1
  return requests[sent]
end
