// The plan as a tree: what each step is to do, and what it did.
import { batchOf, count, didOf, parameterOf, pickedOf, priceOf, sizesOf, withoutCall } from './words.js';

export function Tree({ plan, errors, colours, at }) {
  const below = (after) => plan.steps.filter((step) => step.after === after);
  const list = (steps) =>
    steps.length ? (
      <ul>
        {steps.map((step) => (
          <li key={step.step} data-step={step.step}>
            <Step step={step} errors={errors} colours={colours} pointed={at.includes(step.step)} />
            {list(below(step.step))}
          </li>
        ))}
      </ul>
    ) : null;
  return (
    <section className="stolon-plan-tree" aria-label="Steps">
      {list(below(null))}
    </section>
  );
}

function Step({ step, errors, colours, pointed }) {
  const why = withoutCall(step, errors);
  const facts = [
    ['Parameters', step.parameters.map(parameterOf).join('; ')],
    ['Batching', batchOf(step)],
    ['Picked', pickedOf(step)],
    ['Shares', step.shares === null ? null : `what step ${step.shares} got`],
    ['Asks for', access(step)],
    ['Price', `wave ${step.wave}, ${priceOf(step.calls)}`],
    ['Did', step.did ? didOf(step) : null],
  ].filter(([, told]) => told);
  return (
    <div className={`stolon-step ${pointed ? 'stolon-pointed' : ''}`} aria-current={pointed || undefined}>
      <div className="stolon-step-head">
        <b>{step.step}</b> <strong>{step.field}</strong> <small>{step.path}</small>
      </div>
      {step.operations.length ? null : <div className="stolon-operation">Python resolver</div>}
      {step.operations.map(({ service, operation, method, path }) => (
        <div key={`${service} ${operation}`} className="stolon-operation">
          <i className={colours.of(service)} aria-hidden="true" /> {service} · {operation}{' '}
          <code>
            {method} {path}
          </code>
        </div>
      ))}
      <dl>
        {facts.map(([name, told]) => (
          <div key={name}>
            <dt>{`${name}: `}</dt>
            <dd>{told}</dd>
          </div>
        ))}
      </dl>
      {why ? <div className="stolon-why">{why}</div> : null}
    </div>
  );
}

function access({ scopes, authenticated }) {
  if (scopes.length) return `${scopes.length === 1 ? 'scope' : 'scopes'} ${scopes.join(', ')}`;
  return authenticated ? 'a caller who is known' : null;
}

export function Summary({ plan }) {
  const { kind, name } = plan.operation;
  const made = plan.did ? plan.did.calls.length + plan.did.moreCalls : null;
  return (
    <p className="stolon-plan-summary">
      <strong>{name ? `${kind} ${name}` : kind}</strong>
      {`: ${count(plan.steps.length, 'step')} in ${count(plan.waves, 'wave')}, `}
      {priceOf(plan.calls)}
      {sizesOf(plan.calls)}
      {made === null ? null : `; it made ${count(made, 'call')} in ${plan.did.ms.toFixed(1)} ms`}
    </p>
  );
}
