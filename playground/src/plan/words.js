// What a plan says, in words. Pure; the form of plans is that of `stolon explain --json`.

// Why an operation ran on the reference lane: resolvers/plan/coverage.py's reasons.
const REASONS = {
  switched_off: 'the project chose that lane for every operation',
  no_context: 'another server executes the schema',
  no_root: 'the schema has no root type for such an operation',
  subscription: 'it is a subscription, which is answered event by event',
  introspection: 'it asks for the schema itself, and for no service',
  directive: 'it uses a directive other than @skip and @include',
  fragment_arguments: 'it gives arguments to a fragment',
  own_executor: 'the project has an executor of its own',
  resolver_hooks: 'an extension of the project wraps every resolver',
  condition: 'an @skip or @include has no value',
  too_large: 'it is larger than a plan may be',
};
const DENIALS = new Set(['FORBIDDEN', 'UNAUTHENTICATED']);

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// Why there is nothing to draw; null where there is a plan with steps.
export function withoutSteps(plan) {
  if (!plan) return 'The answer brings no plan: the operation was not executed, or it is a subscription.';
  if (typeof plan.refused === 'string') return plan.refused;
  const known = plan.lane === 'reference' || Array.isArray(plan.steps);
  if (!known) return 'The plan has a form that this page does not know.';
  if (plan.lane === 'reference') {
    const why = Object.hasOwn(REASONS, plan.reason) ? REASONS[plan.reason] : plan.reason;
    return `It ran on the reference lane, without a plan${why ? `: ${why}` : ''}.`;
  }
  return plan.steps.length ? null : 'It calls no service: the graph answers it by itself.';
}

export function operationOf({ service, operation, method, path }) {
  return `${service} ${operation} (${method} ${path})`;
}

export function servedBy(step) {
  return step.operations.length ? step.operations.map(operationOf).join(' or ') : 'a Python resolver';
}

export function priceOf({ atMost, formula }) {
  if (atMost === null) return `at most ${formula} calls`;
  const most = atMost === 0 ? 'no call' : `at most ${count(atMost, 'call')}`;
  return String(atMost) === formula ? most : `${most} (${formula})`;
}

// What the sizes in a formula can be at most, where that is known.
export function sizesOf({ where = {} }) {
  const known = Object.entries(where).filter(([, most]) => most !== null);
  return known.length ? `, where ${known.map(([name, most]) => `${name} is at most ${most}`).join(' and ')}` : '';
}

export function batchOf({ batch, after, operations }) {
  if (batch) return `up to ${count(batch.most, batch.by)} in one call`;
  return after === null || !operations.length ? null : 'not batched';
}

export function parameterOf({ name, in: place, from }) {
  return `${name} (${place}) from ${from}`;
}

export function pickedOf({ pick, properties }) {
  const decoded = properties.join(', ');
  return pick ? `${pick}: ${decoded}` : decoded;
}

// Why a step made no call; null where it made one, or where nobody knows what happened.
export function withoutCall(step, errors) {
  const { did } = step;
  if (!did || did.calls > 0) return null;
  if (did.parents === 0) return step.after === null ? 'no call: it never began' : 'no call: there are no parents';
  if (errors.some((one) => DENIALS.has(one.extensions?.code) && pathOf(one) === step.path)) {
    const wanted = step.scopes.length ? `, which needs ${step.scopes.join(', ')}` : '';
    return `no call: denied to this caller${wanted}`;
  }
  if (did.asked > 0 && did.fromStore >= did.asked) return "no call: served from the request's store";
  if (!step.operations.length) return 'no call: the resolver asked no service';
  return did.asked ? 'no call was made for what it asked' : 'no call: its parents hold nothing to ask for';
}

const pathOf = ({ path }) => (path ?? []).filter((one) => typeof one === 'string').join('.');

export function didOf({ did }) {
  const { upstream = 0, flight = 0 } = did.served ?? {};
  const took = did.begun === null || did.ended === null ? null : milliseconds(did.ended - did.begun);
  return [
    count(did.calls, 'call'),
    flight ? `${flight} of ${upstream + flight} under way already` : null,
    `${count(did.parents, 'parent')}, ${did.asked} asked, ${did.fromStore} from the store`,
    did.calls ? size(did.bytes) : null,
    took,
  ]
    .filter(Boolean)
    .join(' · ');
}

export function outcomeOf({ status, bytes, served }) {
  const shared = served === 'flight' ? ', under way already' : '';
  return `${status === null ? 'no answer' : `status ${status}, ${size(bytes)}`}${shared}`;
}

export const failed = ({ status }) => status === null || status >= 400;

export const timesOf = ({ begun, ended }) => `${milliseconds(begun)} to ${milliseconds(ended)}`;

// Who serves a field, by its name in the schema and its path in the answer.
export function whoServes(plan, name, path) {
  if (!Object.hasOwn(plan.fields, path)) return `${name} at ${path} is not in the plan: @skip or @include left it out.`;
  const step = plan.steps.find((one) => one.step === plan.fields[path]);
  if (!step) return `${name} is answered by the graph itself, without a step.`;
  if (step.path === path) return `${step.field} is served by ${servedBy(step)}, step ${step.step}.`;
  return `${name} is part of step ${step.step}'s answer, from ${servedBy(step)}.`;
}
