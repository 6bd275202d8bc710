// Each service has one colour in a plan, by the order in which the steps name them; style sheets give the colours.

const COLOURS = 8;

export function coloursOf(plan) {
  const services = [];
  const called = [...plan.steps.flatMap((step) => step.operations), ...(plan.did?.calls ?? [])];
  for (const { service } of called) if (!services.includes(service)) services.push(service);
  return {
    of: (service) =>
      service === undefined ? 'stolon-no-service' : `stolon-service-${services.indexOf(service) % COLOURS}`,
  };
}
