"""Work documents: jobs and purges as the page and the server tell each other of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from annclust.web.documents import Digest, Document, Granularity, Id, Photo, PhotoId, Revision

PlanId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class ClusterJob(Document):
    """Group the photos."""

    kind: Literal["cluster"]


class MapJob(Document):
    """Lay the photos out in a plane."""

    kind: Literal["map"]


class ExamineJob(Document):
    """Look closely at the photos of all open groups."""

    kind: Literal["examine"]
    granularity: Granularity


class AcceptJob(Document):
    """Do what is suggested for all open groups, unless anything has changed since `revision`."""

    kind: Literal["accept"]
    granularity: Granularity
    revision: Revision | None = None
    only_sure: bool = False


class PlanJob(Document):
    """Plan a purge."""

    kind: Literal["plan"]
    granularity: Granularity
    only: Literal["resolved", "all"] = "resolved"


class ApplyJob(Document):
    """Move what a plan says to the trash; `digest` is that of the plan that was shown."""

    kind: Literal["apply"]
    plan: PlanId
    digest: Digest


class UndoJob(Document):
    """Put back what a purge moved."""

    kind: Literal["undo"]
    purge: Id


JobWish = Annotated[
    ClusterJob | MapJob | ExamineJob | AcceptJob | PlanJob | ApplyJob | UndoJob,
    Field(discriminator="kind"),
]
"""What is to be done."""


class JobStarted(Document):
    """The number of a job."""

    job: int


class Stayed(Document):
    """A file that is not where it was to go, by its place below the folder of photos, and why."""

    name: str
    reason: str


class JobDocument(Document):
    """Long work, as it is now."""

    id: int
    kind: str
    state: Literal["running", "done", "failed", "stopped"]
    stage: str
    done: int
    total: int | None
    result: dict[str, str | int | list[Stayed] | None] | None
    error: str | None


class CurrentJob(Document):
    """What is running, or ended last."""

    job: JobDocument | None


class PlanDocument(Document):
    """What a purge would be about."""

    id: str
    digest: str
    made: str
    level: str
    groups: int
    photos: int
    files: int
    bytes: int
    left_alone: int


class KeptPhoto(Document):
    """A photo that stays, and why."""

    photo: Photo
    reasons: list[str]


class LeftPhoto(Document):
    """A photo that is left alone, and why."""

    photo: Photo
    why: str


class MovedPhoto(LeftPhoto):
    """A photo that moves, and what moves with it."""

    companions: list[str]


class PlanGroup(Document):
    """What a purge would do to a group."""

    lead: PhotoId
    keep: list[KeptPhoto]
    move: list[MovedPhoto]
    left: list[LeftPhoto]


class PlanGroups(Document):
    """Some of the groups of a plan."""

    next: str | None
    groups: list[PlanGroup]


class PurgeDocument(Document):
    """What became of a purge; `plan` is the id of the plan that it followed."""

    id: int
    plan: str
    began: str
    photos: int
    files: int
    bytes: int
    in_trash: int
    state: Literal["in trash", "restored", "partly", "empty", "not moved", "interrupted"]
    can_undo: bool


class PurgesDocument(Document):
    """Every purge."""

    purges: list[PurgeDocument]
