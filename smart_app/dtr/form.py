"""Stage 7: the form as plain rows, and what a person changes in it.

Every answer keeps its origin: changed by hand it is an override, typed into an empty item manual;
cleared it stays cleared and is never put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from smart_app.cases.model import (
    Answer,
    Draft,
    Evidence,
    Gap,
    Person,
    QuestionnairePackage,
    Resource,
)
from smart_app.dtr import enable, gaps, items, terminology, units, values
from smart_app.dtr.engine import Engine
from smart_app.errors import PreclearError


class FormError(PreclearError):
    """Answers that cannot be taken; ``fields`` has a sentence for each."""

    code = "form"
    http_status = 422
    say = "An answer could not be taken. Nothing was changed."
    do = "Look at what is named, and answer again."

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(f"{len(fields)} fields")
        self.fields = fields
        self.faults = tuple(fields.values())


@dataclass(frozen=True, slots=True)
class Option:
    """One value that a choice offers."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """One question."""

    path: str
    link_id: str
    name: str
    text: str
    type: str
    required: bool
    repeats: bool
    hidden: bool
    enabled: bool
    options: tuple[Option, ...]
    unit: str
    raw: tuple[str, ...]
    display: str
    origin: str
    was: str
    evidence: tuple[Evidence, ...]
    gap: Gap | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One documentation item of the form: a row of the page."""

    link_id: str
    label: str
    state: str
    summary: str
    fields: tuple[FieldView, ...]
    gaps: tuple[Gap, ...]
    help: str = ""
    takes_document: bool = False
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormView:
    """The form as the page shows it; the count equals the rows.

    ``left_over`` are questions and answers of a person that this form does not take.
    """

    title: str
    origin: str
    criteria: tuple[CriterionView, ...]
    documented: int
    applicable: int
    not_applicable: tuple[tuple[str, str], ...]
    left_over: tuple[tuple[str, str], ...] = ()


def _field(
    item: Resource, form: Resource, package: QuestionnairePackage, draft: Draft, applies: set[str]
) -> FieldView:
    link_id = str(item["linkId"])
    found = gaps.answers_of(draft, link_id)
    options = terminology.options(item, form, package)
    first = found[0] if found else None

    def words(value: Any) -> str:
        said = values.words(value)
        return values.day(said) if item["type"] == "date" else said

    return FieldView(
        path=f"{link_id}[0]",
        link_id=link_id,
        name=link_id,
        text=str(item.get("text") or link_id),
        type=str(item["type"]),
        required=bool(item.get("required")),
        repeats=bool(item.get("repeats")),
        hidden=items.hidden(item),
        enabled=link_id in applies,
        options=tuple(Option(values.key(one), values.words(one)) for one in options),
        unit=units.words(item),
        raw=tuple(values.raw(one.value) for one in found),
        display=", ".join(words(one.value) for one in found),
        origin=first.origin if first else "",
        was=words(first.was) if first and first.was is not None else "",
        evidence=first.evidence if first else (),
        gap=next((one for one in draft.gaps if gaps.link_of(one.path) == link_id), None),
    )


def _said(item: Resource, display: str) -> str:
    """Return an answer as the row says it, with the item's short text where it has one."""
    short = items.extension(item, items.SHORT)
    kind = item.get("type")
    if not short:
        return display
    if kind == "boolean":
        return str(short) if display == "Yes" else f"{short}: no"
    return f"{short} {display}"


def _criterion(
    group: Resource, form: Resource, package: QuestionnairePackage, draft: Draft, applies: set[str]
) -> CriterionView:
    link_id = str(group["linkId"])
    asked = items.questions(group)
    fields = tuple(_field(one, form, package, draft, applies) for one in asked)
    given = gaps.standing(draft)
    without = bool(given.get(link_id + items.MISSING))
    missing = gaps.missing_items(group, given, applies)
    against = gaps.against(group, given, applies)
    names = {str(one["linkId"]) for one in asked}
    return CriterionView(
        link_id=link_id,
        label=str(group.get("text") or link_id),
        state="open" if missing or without or against else "documented",
        summary=_summary(asked, fields, against),
        fields=fields,
        gaps=tuple(one.gap for one in fields if one.gap),
        takes_document=link_id + items.DOCUMENT in names,
        against=tuple(str(one.get("text") or "") for one in against),
    )


def _summary(asked: list[Resource], fields: tuple[FieldView, ...], against: list[Resource]) -> str:
    """Return the answers of a row: all that speak against the request first, then up to three."""
    about = {question for one in against for question in enable.questions(one)}
    first, rest = [], []
    for item, one in zip(asked, fields, strict=True):
        if not one.display or one.hidden:
            continue
        if one.link_id in about:  # even where a document stands in its place
            first.append(_said(item, one.display))
        elif one.enabled and not one.link_id.endswith("-date"):
            rest.append(_said(item, one.display))
    shown = (first + rest)[: max(3, len(first))]
    return "; ".join([*(one.rstrip(".") for one in shown[:-1]), *shown[-1:]])


def view(package: QuestionnairePackage, draft: Draft) -> FormView:
    """Return the rows of a draft."""
    form = items.questionnaire(package)
    applies = enable.applicable(form, gaps.standing(draft))
    criteria = tuple(
        _criterion(one, form, package, draft, applies)
        for one in items.groups(form)
        if str(one["linkId"]) in applies
    )
    labels = {str(one["linkId"]): str(one.get("text")) for one in items.groups(form)}
    return FormView(
        title=str(form.get("title") or "Form"),
        origin=draft.form_origin,
        criteria=criteria,
        documented=sum(one.state == "documented" for one in criteria),
        applicable=len(criteria),
        not_applicable=tuple(
            (labels[one], "an earlier answer rules it out") for one in draft.not_applicable
        ),
        left_over=tuple((text, values.words(one.value)) for text, one in draft.left_over),
    )


def _take(
    draft: Draft, item: Resource, made: list[Any], person: Person, now: datetime
) -> tuple[Answer, ...]:
    """Return the draft's answers with an item's values replaced, origins kept straight."""
    link_id = str(item["linkId"])
    others = tuple(one for one in draft.answers if gaps.link_of(one.path) != link_id)
    before = tuple(one for one in draft.answers if gaps.link_of(one.path) == link_id)
    standing = [one for one in before if one.value is not None and one.state != "cleared"]
    if [one.value for one in standing] == made:
        return draft.answers
    if not made:
        if not before:
            return draft.answers
        stone = Answer(f"{link_id}[0]", None, "override", "cleared", person.fhir_user, now)
        return (*others, stone)
    proposed = any(one.origin in ("auto", "payer", "override") for one in standing)
    was = standing[0].value if standing else None
    return (
        *others,
        *(
            Answer(
                path=f"{link_id}[{number}]",
                value=value,
                origin="override" if proposed else "manual",
                state="confirmed",
                author=person.fhir_user,
                authored_at=now,
                was=was if proposed else None,
            )
            for number, value in enumerate(made)
        ),
    )


def apply(
    package: QuestionnairePackage,
    draft: Draft,
    posted: Mapping[str, list[str]],
    person: Person,
    now: datetime,
    engine: Engine,
    zone: str,
) -> Draft:
    """Take posted fields; only those that ``fields`` names were on the page.

    Raises FormError naming each value that does not fit, and then changes nothing.
    """
    form = items.questionnaire(package)
    shown = set(posted.get("fields", []))
    wrong: dict[str, str] = {}
    current = draft
    for item in items.questions(form):
        name = str(item["linkId"])
        if name not in shown:
            continue
        given = [one for one in posted.get(name, []) if one.strip()]
        options = terminology.options(item, form, package)
        # what was not touched is not read again: it stands as it is
        same = {values.raw(one.value): one.value for one in gaps.answers_of(current, name)}
        try:
            made = [same[one] if one in same else values.parse(one, item, options) for one in given]
        except ValueError as cause:
            wrong[name] = f"{item.get('text')}: {cause}"
            continue
        current = replace(current, answers=_take(current, item, made, person, now))
    wrong |= _covered(form, current, draft)
    if not wrong and current.answers == draft.answers:
        wrong[""] = "Nothing was chosen or changed: choose or type an answer first."
    if wrong:
        raise FormError(wrong)
    return _next(form, current, draft)


def _covered(form: Resource, changed: Draft, before: Draft) -> dict[str, str]:
    """Return a refusal for each document that would take the place of an answer against.

    A document takes a criterion's answers out of what is signed.
    """
    given, then = gaps.standing(changed), gaps.standing(before)
    applies = enable.applicable(form, given)
    return {
        name: f"{group.get('text')}: an answer here speaks against the request, and no document "
        "takes its place. Change that answer, or leave it as it is."
        for group in items.groups(form)
        if (name := f"{group['linkId']}{items.DOCUMENT}") in given
        and name not in then
        and gaps.against(group, given, applies)
    }


def _next(form: Resource, changed: Draft, before: Draft) -> Draft:
    return replace(gaps.recount(form, changed), revision=before.revision + 1)


def use_document(
    package: QuestionnairePackage,
    draft: Draft,
    path: str,
    evidence: Evidence,
    person: Person,
    now: datetime,
) -> Draft:
    """Close a gap by naming the document that shows it.

    Raises FormError for a form that has no place for it, for a document that was not read, and
    where an answer speaks against the request.
    """
    form = items.questionnaire(package)
    link_id = gaps.link_of(path)
    if evidence.unread:
        raise FormError({link_id: "This document could not be read, so it cannot be sent."})
    for group in items.groups(form):
        asked = {str(one["linkId"]): one for one in items.questions(group)}
        target = asked.get(f"{group['linkId']}{items.DOCUMENT}")
        if link_id in asked and target is not None:
            words = ", ".join(one for one in (evidence.title, evidence.date) if one)
            answers = _take(draft, target, [words or evidence.resource_ref], person, now)
            answers = tuple(
                replace(one, evidence=(evidence,))
                if gaps.link_of(one.path) == target["linkId"]
                else one
                for one in answers
            )
            changed = replace(draft, answers=answers)
            if wrong := _covered(form, changed, draft):
                raise FormError(wrong)
            return _next(form, changed, draft)
    raise FormError({link_id: "This form has no place for a document here: answer it instead."})


def send_without(
    package: QuestionnairePackage, draft: Draft, link_id: str, person: Person, now: datetime
) -> Draft:
    """Let a criterion stand open, knowingly; said in the form where it has a place for that.

    One that is answered against the request keeps its answers, whatever else is missing.
    """
    form = items.questionnaire(package)
    answers = draft.answers
    for group in items.groups(form):
        if str(group["linkId"]) == link_id:
            asked = {str(one["linkId"]): one for one in items.questions(group)}
            flag = asked.get(link_id + items.MISSING)
            if flag is not None and _only_unanswered(group, form, draft):
                answers = _take(draft, flag, [True], person, now)
    without = (*(one for one in draft.sent_without if one != link_id), link_id)
    return _next(form, replace(draft, answers=answers, sent_without=without), draft)


def ask_again(
    package: QuestionnairePackage, draft: Draft, link_id: str, person: Person, now: datetime
) -> Draft:
    """Open a criterion again that was to be sent as it stood."""
    form = items.questionnaire(package)
    answers = draft.answers
    for item in items.questions(form):
        if str(item["linkId"]) == link_id + items.MISSING:
            answers = _take(draft, item, [], person, now)
    without = tuple(one for one in draft.sent_without if one != link_id)
    return _next(form, replace(draft, answers=answers, sent_without=without), draft)


def _only_unanswered(group: Resource, form: Resource, draft: Draft) -> bool:
    given = gaps.standing(draft)
    applies = enable.applicable(form, given)
    if gaps.against(group, given, applies):
        return False
    return bool(gaps.missing_items(group, given, applies))
