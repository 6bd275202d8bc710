// The panel "Plan": while it is open, requests ask for their plan, which it shows with what really happened.
import { useEffect, useMemo, useSyncExternalStore } from 'react';

import { current, setShown, setWanted, subscribe } from './asking.js';
import { UnderCursor, useUnderCursor } from './cursor.jsx';
import { coloursOf } from './services.js';
import { Summary, Tree } from './tree.jsx';
import { Waterfall } from './waterfall.jsx';
import { withoutSteps } from './words.js';
import './plan.css';

function Icon(props) {
  return (
    <svg height="1em" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <path d="M3 4v16h18" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M6 7.5h6M10 12h6M14 16.5h6" strokeWidth="2.5" strokeLinecap="round" />
    </svg>
  );
}

function Panel() {
  const { wanted, ran } = useSyncExternalStore(subscribe, current);
  useEffect(() => {
    setShown(true);
    return () => setShown(false);
  }, []);
  return (
    <section aria-label="Plan" className="stolon-plan">
      <div className="graphiql-doc-explorer-title">Plan</div>
      <label>
        <input type="checkbox" checked={wanted} onChange={(event) => setWanted(event.target.checked)} /> Ask for the
        plan with each request
      </label>
      {ran ? <Told ran={ran} /> : <p>{wanted ? 'Run an operation to see its plan.' : 'No plan is asked for.'}</p>}
    </section>
  );
}

function Told({ ran }) {
  const { plan, errors } = ran;
  const { told, at, changed } = useUnderCursor(ran);
  const why = withoutSteps(plan);
  const colours = useMemo(() => (why ? null : coloursOf(plan)), [plan, why]);
  return (
    <>
      {plan?.lane === 'plan' && plan.steps ? <Summary plan={plan} /> : null}
      {why ? <p role="status">{why}</p> : null}
      {changed ? <p role="status">The operation was changed since: this is the plan of what was run.</p> : null}
      {told.length ? <UnderCursor told={told} /> : null}
      {!why && plan.did ? <Waterfall plan={plan} errors={errors} colours={colours} /> : null}
      {why ? null : <Tree plan={plan} errors={errors} colours={colours} at={at} />}
    </>
  );
}

export const planPlugin = { title: 'Plan', icon: Icon, content: Panel };
