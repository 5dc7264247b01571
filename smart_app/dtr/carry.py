"""Another form for the same case: what a person answered goes along, or is shown beside it.

The new form is answered from the chart first. A person's own answer stands over that wherever the
new form asks the same and can take it. Leave to send an open point is not carried: it was given
for another form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from smart_app.cases.model import Answer, Draft, QuestionnairePackage, Resource
from smart_app.dtr import gaps, items, terminology, values

BY_A_PERSON = ("override", "manual")
TEXTS = ("string", "text", "url")


def over(
    earlier: QuestionnairePackage, given: Draft, package: QuestionnairePackage, draft: Draft
) -> Draft:
    """Return the new draft with a person's answers to the earlier form."""
    form = items.questionnaire(package)
    asked = {str(one["linkId"]): one for one in items.questions(form)}
    answers, left = draft.answers, []
    for link_id, text, several in _persons(earlier, given):
        made = _taken(several, asked.get(link_id), form, package)
        if made is None:
            left += [(text, one) for one in several if one.value is not None]
        else:
            answers = _put(answers, link_id, made)
    return gaps.recount(form, replace(draft, answers=answers, left_over=tuple(left)))


def anew(package: QuestionnairePackage, given: Draft, fresh: Draft) -> Draft:
    """Return a later filling of the same form with all that a person said to it.

    Leave to send a point as it stands goes along where the point still stands so.
    """
    draft = over(package, given, package, fresh)
    form = items.questionnaire(package)
    for group in items.groups(form):
        link_id = str(group["linkId"])
        if link_id in given.sent_without and _says(group, draft) == _says(group, given):
            flag = gaps.answers_of(given, link_id + items.MISSING)
            draft = replace(
                draft,
                answers=(*draft.answers, *flag),
                sent_without=(*draft.sent_without, link_id),
            )
    return gaps.recount(form, draft)


def _says(group: Resource, draft: Draft) -> list[list[Any]]:
    """Return the values that answer a criterion, leave to send it left aside."""
    return [
        [one.value for one in gaps.answers_of(draft, str(item["linkId"]))]
        for item in items.questions(group)
        if not str(item["linkId"]).endswith(items.MISSING)
    ]


def _persons(
    earlier: QuestionnairePackage, given: Draft
) -> Iterator[tuple[str, str, tuple[Answer, ...]]]:
    """Yield linkId, question and a person's answers to it, those left over before included."""
    texts = {
        str(one["linkId"]): str(one.get("text") or one["linkId"])
        for one in items.questions(items.questionnaire(earlier))
    }
    found: dict[str, tuple[str, tuple[Answer, ...]]] = {}
    own = [(texts.get(gaps.link_of(one.path), ""), one) for one in given.answers]
    for text, one in (*given.left_over, *own):
        link_id = gaps.link_of(one.path)
        if one.origin in BY_A_PERSON and not link_id.endswith(items.MISSING):
            found[link_id] = (text, (*found.get(link_id, ("", ()))[1], one))
    for link_id, (text, several) in found.items():
        yield link_id, text, several


def _taken(
    several: tuple[Answer, ...],
    item: Resource | None,
    form: Resource,
    package: QuestionnairePackage,
) -> tuple[Answer, ...] | None:
    """Return answers as an item of the new form takes them, or None when it does not."""
    if item is None or (len(several) > 1 and not item.get("repeats")):
        return None
    options = terminology.options(item, form, package)
    try:
        return tuple(replace(one, value=_value(one.value, item, options)) for one in several)
    except ValueError:
        return None


def _value(value: Any, item: Resource, options: list[Any]) -> Any:
    if value is None:  # cleared by a person: it stays so
        return None
    if item["type"] in TEXTS and not isinstance(value, str):
        raise ValueError("not a text")
    return values.parse(values.raw(value), item, options)


def _put(answers: tuple[Answer, ...], link_id: str, made: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """Return answers with an item's replaced; what the chart says instead is kept beside them."""
    found = [one for one in answers if gaps.link_of(one.path) == link_id]
    others = tuple(one for one in answers if one not in found)
    computed = [one.value for one in found if one.value is not None]
    if computed and computed == [one.value for one in made]:
        return answers
    if computed:
        made = tuple(replace(one, was=computed[0], origin="override") for one in made)
    return (*others, *made)
