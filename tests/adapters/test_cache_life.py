"""What may be kept, for whom and how long (RFC 9111, sections 3 and 4.2; RFC 5861): tables, and rules over all."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caching.cache_life import UNDERSTOOD, Life, initial_age, kept_for, life_of, may_be_kept
from adapters.caching.cache_rule import UNSAID, CacheRule, Reuse
from adapters.messages import Response

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
RULE = CacheRule()


def date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


def life(headers: dict[str, str], reuse: Reuse = UNSAID, rule: CacheRule = RULE, **given: Any) -> Life | None:
    status, body = given.get("status", 200), given.get("body", b"{}")
    answer = Response(status, headers, body, moved=given.get("moved", False))
    authorized = given.get("authorized", False)
    return life_of(answer, rule, reuse, authorized=authorized, asked=given.get("asked", NOW), received=NOW)


def control(text: str, **more: str) -> dict[str, str]:
    return {"cache-control": text, **{name.replace("_", "-"): one for name, one in more.items()}}


def fresh(
    headers: dict[str, str], reuse: Reuse = UNSAID, rule: CacheRule = RULE, **given: Any
) -> float | None:
    found = life(headers, reuse, rule, **given)
    return None if found is None else found.fresh


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (control("max-age=60"), 60),
        (control("max-age=60, s-maxage=90"), 90),
        (control("private, max-age=60, s-maxage=90"), 60),
        (control("max-age=60", expires=date(600)), 60),
        (control("max-age=60", expires=date(-600)), 60),
        ({"expires": date(600), "date": date(0)}, 600),
        ({"expires": date(600), "date": date(-100)}, 700),
        ({"expires": date(600)}, 600),
        ({"expires": date(600), "date": "no date"}, 600),
        (control("no-cache, max-age=60", etag='"a"'), 0),
        (control('no-cache="set-cookie", max-age=60', etag='"a"'), 0),
    ],
)
def test_how_long_an_answer_is_fresh(headers, seconds):
    """RFC 9111, section 4.2.1: s-maxage for what is for all, else max-age, else Expires less Date."""
    assert fresh(headers) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"etag": '"a"'},
        {"last-modified": date(-1000)},
        {"expires": "0"},
        {"expires": date(600) + ", " + date(600)},
        {"expires": date(-600), "date": date(-900)},
        control("max-age=0"),
        control("max-age=x"),
        control("no-cache"),
        control("public"),
        control("no-store, max-age=60"),
        control("no-store", etag='"a"'),
        control("max-age=60", age="60"),
        control("max-age=60", date=date(-60)),
        control("max-age=60", vary="*"),
        control("max-age=60", vary="accept, *"),
    ],
)
def test_what_is_of_no_use_later_is_not_kept(headers):
    """RFC 9111, section 3: neither what must not be kept, nor what is stale already and cannot be asked about."""
    assert life(headers) is None


@pytest.mark.parametrize("status", [*range(100, 600)])
def test_only_statuses_that_tell_of_the_resource_are_kept(status):
    """RFC 9111, section 3: 206 and 304 are not understood; what tells of a moment or a caller is not kept either."""
    assert (life(control("public, max-age=60"), status=status) is not None) == (status in UNDERSTOOD)
    assert not {206, 304, 401, 403, 429, 500, 502, 503, 504} & UNDERSTOOD


def test_must_understand_goes_before_no_store_for_what_is_understood():
    """RFC 9111, section 5.2.2.3."""
    assert fresh(control("must-understand, no-store, max-age=60")) == 60
    assert life(control("must-understand, no-store, max-age=60"), status=500) is None


@pytest.mark.parametrize(
    ("text", "authorized", "shared"),
    [
        ("max-age=60", False, True),
        ("max-age=60", True, False),
        ("max-age=60, public", True, True),
        ("max-age=60, s-maxage=60", True, True),
        ("max-age=60, must-revalidate", True, False),
        ("max-age=60, must-revalidate", False, True),
        ("max-age=60, must-revalidate, public", True, True),
        ("max-age=60, proxy-revalidate", True, False),
        ("max-age=60, private", False, False),
        ('max-age=60, private="x"', False, False),
        ("max-age=60, private, public", True, False),
    ],
)
def test_who_may_get_an_answer(text, authorized, shared):
    """RFC 9111, sections 3.5 and 5.2.2.7: with credentials for its caller alone, unless it says that it is for all;
    without for all, unless it says that it is private.
    """
    found = life(control(text), authorized=authorized)
    assert found is not None
    assert found.shared is shared
    assert (life(control(text), rule=CacheRule(private=False), authorized=authorized) is None) is not shared


def test_a_project_may_say_that_an_operation_is_shared():
    """What the project says of the operation counts where the answer does not say that it is private."""
    shared = Reuse(shared=True)
    found, private = (
        life(control(one), shared, authorized=True) for one in ("max-age=6", "private, max-age=6")
    )
    assert (found and found.shared, private and private.shared) == (True, False)


@pytest.mark.parametrize(
    ("headers", "status", "seconds"),
    [
        ({}, 200, 30.0),
        (control("public"), 200, 30.0),
        (control("private"), 200, 30.0),
        (control("max-age=5"), 200, 5.0),
        ({"expires": date(5)}, 200, 5.0),
        (control("no-store"), 200, None),
        (control("no-cache"), 200, None),
        ({"expires": "0"}, 200, None),
        ({}, 404, None),
        ({}, 500, None),
    ],
)
def test_a_project_gives_freshness_where_the_service_gives_none(headers, status, seconds):
    """`fresh` fills a silence; what the service says goes before it, and failures are given none."""
    assert fresh(headers, Reuse(fresh=30.0), status=status) == seconds


def test_heuristic_freshness_is_off_unless_asked_for():
    """RFC 9111, section 4.2.2: a tenth of the time since the last change, only where the project wants it."""
    changed = {"last-modified": date(-1000)}
    assert life(changed) is None
    assert fresh(changed, rule=CacheRule(heuristic=True)) == 100.0
    assert fresh({"last-modified": date(1000)}, rule=CacheRule(heuristic=True)) == 0.0
    assert life({"last-modified": "long ago"}, rule=CacheRule(heuristic=True)) is None


@pytest.mark.parametrize(
    ("text", "reuse", "windows"),
    [
        ("max-age=9", UNSAID, (0, 0, False)),
        ("max-age=9, stale-while-revalidate=5, stale-if-error=7", UNSAID, (5, 7, False)),
        ("max-age=9", Reuse(stale_while_revalidate=1.5, stale_if_error=2.5), (1.5, 2.5, False)),
        (
            "max-age=9, stale-if-error=0",
            Reuse(stale_while_revalidate=1.0, stale_if_error=2.0),
            (1.0, 0, False),
        ),
        ("max-age=9, must-revalidate", Reuse(stale_if_error=2.0), (0, 2.0, True)),
        ("max-age=9, proxy-revalidate", Reuse(stale_if_error=2.0), (0, 2.0, True)),
        ("max-age=9, private, proxy-revalidate", Reuse(stale_if_error=2.0), (0, 2.0, False)),
        ("s-maxage=9", Reuse(stale_while_revalidate=1.0, stale_if_error=2.0), (0, 0, False)),
        ("s-maxage=9, stale-if-error=7", Reuse(stale_while_revalidate=1.0), (0, 7, False)),
        ("s-maxage=9, max-age=9, private", Reuse(stale_if_error=2.0), (0, 2.0, False)),
    ],
)
def test_windows_of_stale_answers(text, reuse, windows):
    """RFC 5861, sections 3 and 4; RFC 9111, sections 5.2.2.2, 5.2.2.8 and 5.2.2.10: the answer's own windows, else
    the project's, and none where the service wants to be asked.
    """
    found = life(control(text), reuse)
    assert found is not None
    assert (found.meanwhile, found.on_error, found.never_stale) == windows


@pytest.mark.parametrize(
    ("headers", "asked", "age"),
    [
        ({}, 0, 0),
        ({"age": "10"}, 0, 10),
        ({"age": "10"}, -3, 13),
        ({"date": date(-30)}, 0, 30),
        ({"date": date(30)}, 0, 0),
        ({"date": date(-5), "age": "10"}, -3, 13),
        ({"date": date(-50), "age": "10"}, -3, 50),
        ({"age": "10, 99"}, 0, 10),
        ({"age": "-10"}, 0, 0),
        ({"age": "x"}, 0, 0),
        ({"date": "x", "age": " 7 "}, 0, 7),
        ({}, 5, 0),
    ],
)
def test_the_age_of_an_answer_when_it_comes(headers, asked, age):
    """RFC 9111, section 4.2.3: the greater of what Date tells and what Age and the exchange's time tell."""
    assert initial_age(headers, NOW + asked, NOW) == age


def test_less_than_a_second_is_no_age():
    """A Date is cut to whole seconds, and would make every answer older than it is."""
    assert initial_age({"date": date(0)}, NOW + 0.9, NOW + 0.9) == 0


def test_what_is_kept_for_what_time():
    """As long as it is fresh or may be used stale, and longer where the service can be asked whether it holds."""

    def kept(headers: dict[str, str], rule: CacheRule = RULE) -> float:
        found = life(headers, rule=rule)
        assert found is not None
        return kept_for(found, headers, rule)

    assert kept(control("max-age=60", age="10")) == 50
    assert kept(control("max-age=60, stale-while-revalidate=5, stale-if-error=7", age="10")) == 57
    assert kept(control("max-age=60, must-revalidate, stale-if-error=7")) == 60
    assert kept(control("max-age=60", etag='"a"')) == 3660
    assert kept(control("max-age=0", last_modified=date(-5))) == 3600
    assert kept(control("max-age=900000", etag='"a"')) == 86_400
    assert kept(control("max-age=60", etag='"a"'), CacheRule(longest=30)) == 30
    assert fresh(control("max-age=60"), rule=CacheRule(longest=30)) == 30


@pytest.mark.parametrize(
    ("text", "authorized", "only"),
    [
        ("max-age=9", False, False),
        ("s-maxage=9", False, True),
        ("s-maxage=9", True, True),
        ("s-maxage=9, max-age=9, private", False, False),
    ],
)
def test_beside_s_maxage_the_answers_own_windows_are_all_there_is(text, authorized, only):
    """RFC 9111, section 5.2.2.10: of what is for all it means what `proxy-revalidate` does."""
    found = life(control(text), authorized=authorized)
    assert found is not None
    assert found.as_stated is only


def test_headers_that_are_no_text_are_not_kept():
    """A byte that is no UTF-8 comes from the wire as half a character, in a value or in a name; others are text."""
    assert life(control("max-age=60", x="caf\xe9 \N{SNOWMAN}")) is not None
    assert life(control("max-age=60", x="caf\udce9")) is None
    assert life(control("max-age=60", **{"x\udce9": "1"})) is None


def test_large_and_moved_answers_are_not_kept():
    """More than `largest` bytes are not kept, nor what another place answered: the way there may change."""
    assert life(control("max-age=60"), rule=CacheRule(largest=2), body=b"{}") is not None
    assert life(control("max-age=60"), rule=CacheRule(largest=2), body=b"{ }") is None
    assert life(control("max-age=60"), moved=True) is None


@pytest.mark.parametrize("wrong", [{"largest": 0}, {"longest": 0.0}])
def test_a_rule_that_keeps_nothing_is_refused(wrong):
    """A bound of nothing is a mistake: `enabled = false` says it."""
    with pytest.raises(
        ValueError, match=r"^cache: largest is at least 1 byte, and longest more than 0 seconds$"
    ):
        CacheRule(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"fresh": -1.0}, {"stale_while_revalidate": -1.0}, {"stale_if_error": -0.1}]
)
def test_windows_before_now_are_refused(wrong: dict[str, Any]):
    """Less than 0 seconds is a mistake."""
    with pytest.raises(ValueError, match=r"not less than 0 seconds$"):
        Reuse(**wrong)


DIRECTIVES = st.sampled_from(
    ["no-store", "no-cache", "private", "public", "must-revalidate", "proxy-revalidate", "max-age=0", "max-age=60",
     "s-maxage=30", "max-age=x", "stale-if-error=5", "stale-while-revalidate=5", "must-understand", 'private="a"'],
)  # fmt: skip
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "cache-control": st.lists(DIRECTIVES, max_size=5).map(", ".join),
        "expires": st.sampled_from(["0", date(30), date(-30)]),
        "date": st.sampled_from(["x", date(0), date(-20), date(20)]),
        "age": st.sampled_from(["0", "5", "x", "100"]),
        "etag": st.just('"a"'),
        "last-modified": st.just(date(-1000)),
        "vary": st.sampled_from(["accept", "*"]),
    },
)
REUSES = st.builds(
    Reuse,
    fresh=st.none() | st.just(30.0),
    shared=st.booleans(),
    stale_while_revalidate=st.none() | st.just(3.0),
    stale_if_error=st.none() | st.just(4.0),
)
RULES = st.builds(
    CacheRule, private=st.booleans(), heuristic=st.booleans(), longest=st.sampled_from([10.0, 1e5])
)


@given(HEADERS, REUSES, RULES, st.booleans(), st.sampled_from([200, 204, 404, 500]))
def test_no_project_overrules_a_service(headers, reuse, rule, authorized, status):
    """Whatever project and answer say: `no-store` is not kept, `private` is not shared, `no-cache` and a stated end
    are never fresh, and nothing is kept beyond the bound.
    """
    said = headers.get("cache-control", "")
    found = life(headers, reuse, rule, authorized=authorized, status=status)
    quick = may_be_kept(Response(status, headers, b"{}"), rule, reuse)
    assert quick or found is None
    if found is None:
        return
    assert "no-store" not in said or "must-understand" in said
    assert not (found.shared and "private" in said)
    assert found.shared or rule.private
    assert not ("no-cache" in said and (found.fresh > 0 or not found.never_stale))
    assert not ("must-revalidate" in said and not found.never_stale)
    assert found.fresh <= rule.longest
    assert 0 < kept_for(found, headers, rule) <= rule.longest
    assert found.age >= 0


@given(HEADERS, RULES, st.booleans())
def test_silence_is_never_kept(headers, rule, authorized):
    """RFC 9111, section 4.2.2: without a word of service or project about freshness nothing is fresh, but for the
    heuristic where it is asked for.
    """
    silent = {name: one for name, one in headers.items() if name not in ("cache-control", "expires")}
    found = life(silent, rule=rule, authorized=authorized)
    assert found is None or (rule.heuristic and "last-modified" in silent)
