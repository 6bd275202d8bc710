// What happened, in time: a row for each step, and below it one for each of its calls, on one axis.
import { count, failed, milliseconds, outcomeOf, timesOf, withoutCall } from './words.js';

const MOST_ROWS = 300;
const TICKS = 4;
const THINNEST = 0.5; // percent of the axis: what took no time is seen all the same

export function Waterfall({ plan, errors, colours }) {
  const { did } = plan;
  const rows = rowsOf(plan, errors);
  const end = Math.max(did.ms, ...rows.map((row) => row.ended ?? 0), 0.001);
  const left = rows.length - MOST_ROWS;
  return (
    <section className="stolon-waterfall" aria-label="Waterfall">
      <Axis end={end} />
      <ol>
        {rows.slice(0, MOST_ROWS).map((row) => (
          <li key={row.key} className={`stolon-row-${row.kind}`}>
            <span className="stolon-row-name">{row.name}</span>
            <svg role="img" aria-label={row.told} height="14" width="100%">
              <title>{row.told}</title>
              <line x1="0" x2="100%" y1="7" y2="7" className="stolon-track" />
              {row.begun === null ? null : <Bar row={row} end={end} colour={colours.of(row.service)} />}
            </svg>
            <span className="stolon-row-took" aria-hidden="true">
              {row.begun === null ? '–' : milliseconds(row.ended - row.begun)}
            </span>
          </li>
        ))}
      </ol>
      {left > 0 || did.moreCalls > 0 ? (
        <p>
          {[left > 0 && count(left, 'further row'), did.moreCalls > 0 && count(did.moreCalls, 'further call')]
            .filter(Boolean)
            .join(' and ')}{' '}
          not drawn.
        </p>
      ) : null}
    </section>
  );
}

function Bar({ row, end, colour }) {
  const width = Math.max(((row.ended - row.begun) / end) * 100, THINNEST);
  const from = Math.min((row.begun / end) * 100, 100 - width);
  const [y, height] = row.kind === 'step' ? [2, 10] : [4, 6];
  const more = [
    row.served === 'flight' && 'stolon-bar-flight',
    row.kind === 'call' && failed(row) && 'stolon-bar-failed',
  ];
  return (
    <rect
      className={['stolon-bar', `stolon-bar-${row.kind}`, colour, ...more].filter(Boolean).join(' ')}
      x={`${from.toFixed(3)}%`}
      width={`${width.toFixed(3)}%`}
      y={y}
      height={height}
      rx="2"
    />
  );
}

// The names of the ends stand within the axis, so that nothing is cut off.
function Axis({ end }) {
  const ticks = Array.from({ length: TICKS + 1 }, (_, at) => at / TICKS);
  const anchor = (at) => (at === 0 ? 'start' : at === 1 ? 'end' : 'middle');
  return (
    <div className="stolon-axis" aria-hidden="true">
      <svg height="16" width="100%">
        {ticks.map((at) => (
          <g key={at}>
            <line x1={`${at * 100}%`} x2={`${at * 100}%`} y1="12" y2="16" className="stolon-track" />
            <text x={`${at * 100}%`} y="10" textAnchor={anchor(at)} className={at % 0.5 ? 'stolon-tick-minor' : ''}>
              {(at * end).toFixed(end < 10 ? 1 : 0)}
              {at === 1 ? ' ms' : ''}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

function rowsOf(plan, errors) {
  const rows = [];
  const calls = plan.did.calls.map((call, at) => ({ ...call, at }));
  const callRow = (call, step) => {
    const others = call.steps.filter((one) => one !== step);
    const further = others.length && step !== null ? `, for step ${others.join(', ')} too` : '';
    const name = `${call.service} ${call.operation}`;
    const told = `Call ${name}: ${timesOf(call)}, ${outcomeOf(call)}${further}`;
    rows.push({ ...call, key: `call ${call.at}`, kind: 'call', name, told });
  };
  for (const step of plan.steps) {
    const { begun = null, ended: till = null } = step.did ?? {};
    const why = withoutCall(step, errors);
    const ended = till ?? plan.did.ms; // one that was cut off lasted until the answer
    const when = begun === null ? 'it never began' : timesOf({ begun, ended });
    rows.push({
      ...{ key: `step ${step.step}`, kind: 'step', name: `${step.step} ${step.field}` },
      told: `Step ${step.step}, ${step.field}: ${when}${why && begun !== null ? `, ${why}` : ''}`,
      ...{ begun, ended: begun === null ? null : ended, service: step.operations[0]?.service },
    });
    for (const call of calls) if (call.steps[0] === step.step) callRow(call, step.step);
  }
  for (const call of calls) if (!call.steps.length) callRow(call, null);
  return rows;
}
