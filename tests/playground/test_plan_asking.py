"""How the page asks for plans: what goes out with a request, and what is taken out of its answers."""

from __future__ import annotations

from typing import Any

from tests.playground.page_modules import called, needs_node

pytestmark = needs_node


SENDING = """
  const sent = [];
  const ask = (operationName, answers) => page.askingForPlans(async (request) => {
    sent.push(request);
    return answers;
  })({ query: `query ${operationName}`, operationName });
  const ran = () => page.current().ran;
"""


def run(script: str) -> Any:
    """What a script returns, in which `ask(name, answers)` sends a request through the page's fetcher."""
    return called("asking.js", f"(async () => {{ {SENDING} {script} }})()")


def test_a_request_asks_while_the_panel_is_open_and_wants_it():
    """Introspection, a closed panel and an unticked box leave requests as they are."""
    assert run(
        """
        await ask('Closed', {});
        page.setShown(true);
        await ask('Open', {});
        await ask('IntrospectionQuery', {});
        page.setWanted(false);
        await ask('Unwanted', {});
        return sent.map(({ query, ...rest }) => rest);
        """
    ) == [
        {"operationName": "Closed"},
        {"operationName": "Open", "extensions": {"plan": True}},
        {"operationName": "IntrospectionQuery"},
        {"operationName": "Unwanted"},
    ]


def test_the_plan_is_taken_out_of_the_answer():
    """The panel gets plan and errors, the answer's pane the rest; extensions without anything left go."""
    assert run(
        """
        page.setShown(true);
        const errors = [{ message: 'no' }];
        const first = await ask('A', { data: 1, errors, extensions: { plan: { lane: 'plan' } } });
        const told = ran();
        const second = await ask('B', { data: 2, extensions: { plan: { lane: 'plan' }, other: 3 } });
        const third = await ask('C', { data: 3, extensions: { other: 3 } });
        return [first, told, second, third, ran()];
        """
    ) == [
        {"data": 1, "errors": [{"message": "no"}]},
        {"query": "query A", "operationName": "A", "plan": {"lane": "plan"}, "errors": [{"message": "no"}]},
        {"data": 2, "extensions": {"other": 3}},
        {"data": 3, "extensions": {"other": 3}},
        {"query": "query C", "operationName": "C", "plan": None, "errors": []},
    ]


def test_a_late_answer_of_an_earlier_request_is_not_shown():
    """The panel is of the last request: an answer that comes after it is given on, and not shown."""
    assert run(
        """
        page.setShown(true);
        let answer;
        const early = ask('Early', new Promise((done) => { answer = done; }));
        await ask('Late', { extensions: { plan: { lane: 'plan' } } });
        answer({ data: 1, extensions: { plan: { lane: 'reference' } } });
        return [await early, ran().operationName];
        """
    ) == [{"data": 1}, "Late"]


def test_a_request_that_fails_leaves_no_plan_of_an_earlier_one():
    """Where no answer came, nothing is shown."""
    assert run(
        """
        page.setShown(true);
        await ask('A', { extensions: { plan: { lane: 'plan' } } });
        const failed = await ask('B', Promise.reject(new Error('gone'))).catch((error) => error.message);
        return [failed, ran()];
        """
    ) == ["gone", None]


def test_answers_in_parts_are_given_on_one_by_one():
    """Each part as it comes; the plan is that of the part that has it."""
    assert run(
        """
        page.setShown(true);
        async function* parts() {
          yield [{ data: {}, extensions: { plan: { lane: 'reference' } }, hasNext: true }];
          yield { data: 2, extensions: { plan: { lane: 'plan' } } };
        }
        const found = [];
        for await (const part of await ask('A', parts())) found.push([part, ran().plan.lane]);
        return found;
        """
    ) == [
        [[{"data": {}, "extensions": {"plan": {"lane": "reference"}}, "hasNext": True}], "reference"],
        [{"data": 2}, "plan"],
    ]


def test_a_subscription_ends_at_once():
    """Its end does not wait for an event that may never come."""
    assert (
        run(
            """
        page.setShown(true);
        let ended = false;
        const events = {
          [Symbol.asyncIterator]: () => events,
          next: () => new Promise(() => {}),
          return: async () => { ended = true; return { done: true, value: undefined }; },
        };
        const answers = await ask('A', events);
        void answers.next();
        await answers[Symbol.asyncIterator]().return();
        return ended;
        """
        )
        is True
    )
