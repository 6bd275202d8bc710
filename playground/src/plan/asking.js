// Whether requests ask for their plan, and what the last answer told. In memory only: it goes with the page.

// `ran` is the last request that asked and was answered: its text, operation name, plan and errors. A plan that did
// not come is null.
let state = { shown: false, wanted: true, ran: null };
let latest = 0;
const listeners = new Set();

function change(part) {
  state = { ...state, ...part };
  for (const tell of listeners) tell();
}

export function subscribe(tell) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const current = () => state;
export const setWanted = (wanted) => change({ wanted });
export const setShown = (shown) => change({ shown });

// A fetcher that asks for plans while the panel is open, keeps them for the panel, and gives the rest of the answer on.
export function askingForPlans(fetcher) {
  return async (request, options) => {
    // GraphiQL's own introspection goes the same way, and is nobody's operation.
    if (!(state.shown && state.wanted) || request.operationName === 'IntrospectionQuery') {
      return fetcher(request, options);
    }
    const run = ++latest;
    change({ ran: null });
    const take = (answer) => {
      const { plan, rest } = parted(answer);
      if (run === latest) change({ ran: ranBy(request, plan, answer) });
      return rest;
    };
    const asked = { ...request, extensions: { ...request.extensions, plan: true } };
    const answers = await fetcher(asked, options);
    return answers?.[Symbol.asyncIterator] ? taking(answers[Symbol.asyncIterator](), take) : take(answers);
  };
}

function ranBy({ query, operationName }, plan, answer) {
  const { errors } = [answer].flat().find((one) => one?.errors) ?? {};
  return { query, operationName: operationName ?? null, plan, errors: Array.isArray(errors) ? errors : [] };
}

// No generator: the end of a subscription must not wait for its next event.
function taking(answers, take) {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const { done, value } = await answers.next();
      return { done, value: done ? value : take(value) };
    },
    return: async (value) => (await answers.return?.(value)) ?? { done: true, value },
  };
}

// The plan, and the answer without it: the panel shows the plan, the answer's pane what was asked for. An answer
// that came in parts is a list, and is left as it is.
function parted(answer) {
  const plan = [answer].flat().find((one) => one?.extensions?.plan)?.extensions.plan ?? null;
  if (plan === null || Array.isArray(answer)) return { plan, rest: answer };
  const { extensions, ...rest } = answer;
  const { plan: _, ...others } = extensions;
  return { plan, rest: Object.keys(others).length ? { ...rest, extensions: others } : rest };
}
