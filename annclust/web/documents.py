"""Documents: what the page and the server say to each other, in JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from annclust.web.notes import GroupState

LARGEST_ID = (1 << 63) - 1

Id = Annotated[int, Field(ge=0, le=LARGEST_ID, strict=True)]
"""What the catalog, or this server, counts up."""

PhotoId = Id
Revision = Id
Granularity = Annotated[float, Field(ge=0, le=3.5, allow_inf_nan=False, strict=True)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Seen = Annotated[str | None, Field(pattern="^[0-9a-f]{16}$")]
Mark = Literal["keep", "reject"]
Suggested = Literal["keep", "reject", "leave"]
Share = Annotated[float, Field(ge=0, le=1)]
Time = Annotated[str, Field(description="ISO 8601, without a zone: what the clock said.")]

MOST_PHOTOS = 5_000
"""Ids in one request: of a dozen digits each, they fit what may be sent."""

SomePhotos = Annotated[list[PhotoId], Field(min_length=1, max_length=MOST_PHOTOS)]


class Document(BaseModel):
    """What all of them are."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Document):
    """Why something was not done."""

    error: str


class Levels(Document):
    """The granularity of each level."""

    shots: float
    scenes: float
    themes: float


class CollectionDocument(Document):
    """What is looked through."""

    name: str
    folder: str
    photos: int
    embedder: str
    can_text: bool
    clustered: bool
    out_of_date: Literal["photos", "decisions"] | None
    levels: Levels
    coarsest: float
    granularity: float
    state: Literal["reading", "ready"]
    message: str | None
    revision: int


class GroupCard(Document):
    """A group among others."""

    lead: PhotoId
    size: int
    cover: list[PhotoId]
    certainty: Share
    state: GroupState
    bytes: int
    taken: tuple[Time, Time] | None
    kept: int
    rejected: int


class StateCounts(Document):
    """Groups of each state."""

    open: int
    resolved: int
    skipped: int


class GroupsPage(Document):
    """Some of the groups at a granularity."""

    granularity: float
    level: str
    total: int
    photos: int
    one_offs: int
    counts: StateCounts
    next: str | None
    groups: list[GroupCard]


class OneOff(Document):
    """A photo without a twin."""

    id: PhotoId
    name: str
    version: str


class OneOffsPage(Document):
    """Some of the photos without a twin."""

    total: int
    next: str | None
    photos: list[OneOff]


class Photo(Document):
    """A photo as it is shown."""

    id: PhotoId
    name: str
    folder: str
    width: int
    height: int
    format: str
    bytes: int
    taken: Time | None
    exposure: str | None
    mark: Mark | None
    companions: list[str]
    copies: int
    version: str


class JudgedPhoto(Photo):
    """A photo among those of its group, and what is suggested about it."""

    place: int
    suggestion: Suggested
    reasons: list[str]
    behind: str
    alone: str | None


class Neighbors(Document):
    """The groups beside one, by the id of a photo of each."""

    previous: PhotoId | None
    next: PhotoId | None


class GroupDocument(Document):
    """A group that is looked at."""

    lead: PhotoId
    level: str
    size: int
    state: GroupState
    certainty: Share
    seen: str
    pending: int
    compared_as: Literal["copies", "frames"] | None
    photos: list[JudgedPhoto]
    neighbors: Neighbors


class DecidedPhoto(Document):
    """A photo of which something was said; without an id if it is gone."""

    id: PhotoId | None
    name: str


class Decision(Document):
    """What somebody said of two photos."""

    first: DecidedPhoto
    second: DecidedPhoto
    together: bool
    digests: tuple[Digest, Digest]


class GroupOfPhoto(Document):
    """The group that a photo is in."""

    lead: PhotoId
    size: int


class PhotoDocument(Photo):
    """A photo that is looked at by itself."""

    group: GroupOfPhoto | None
    decisions: list[Decision]


class Changed(Document):
    """What has come of a change."""

    revision: int


class MarksChange(Document):
    """What to mark, and how."""

    photos: SomePhotos
    mark: Mark | None


class StateChange(Document):
    """What became of a group."""

    granularity: Granularity
    state: GroupState
    seen: Seen = None


class StateChanged(Changed):
    """What a group is now."""

    state: GroupState


class Acceptance(Document):
    """That what is suggested for a group is done."""

    granularity: Granularity
    seen: Seen = None


class SampleGroup(Document):
    """What is suggested for a group."""

    lead: PhotoId
    keep: list[PhotoId]
    reject: list[PhotoId]
    reason: str


class SuggestionsDocument(Document):
    """What is suggested for all open groups together."""

    groups: int
    photos: int
    keep: int
    reject: int
    left_alone: int
    bytes: int
    pending: int
    revision: int
    unsure: int
    sample: list[SampleGroup]


class DecisionsDocument(Document):
    """All that was said."""

    decisions: list[Decision]


class DecisionChange(Document):
    """What is said of a photo, the first one, and of each of the others."""

    say: Literal["apart", "together", "forget"]
    photos: Annotated[list[PhotoId], Field(min_length=2, max_length=MOST_PHOTOS)]


class SaidDocument(Changed):
    """What came of saying something, and what was said before that prevails over it."""

    prevailing: list[Decision]


class DigestPair(Document):
    """Two contents."""

    digests: tuple[Digest, Digest]


class SimilarPhoto(Document):
    """A photo that looks like what was asked about."""

    photo: Photo
    similarity: float
    distance: float
    group_lead: PhotoId | None


class SimilarDocument(Document):
    """The photos that look most like what was asked about, the nearest first."""

    query: Photo | None = None
    matches: list[SimilarPhoto]


class MapDocument(Document):
    """Whether there is a map of the photos, and of how many."""

    state: Literal["absent", "stale", "ready"]
    photos: int
    digest: str
