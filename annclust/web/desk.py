"""Desk: all that works on a collection while a person looks through it."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Thread

from annclust.closing import Closing
from annclust.collection import Collection
from annclust.embedding.model_cache import cache_directory
from annclust.pipeline.pictures import Pictures
from annclust.storage.store import Store
from annclust.web.collection_routes import About
from annclust.web.examiner import Examiner
from annclust.web.jobs import Jobs
from annclust.web.judging import Judges
from annclust.web.lookalikes import Lookalikes
from annclust.web.purging import Plans
from annclust.web.session import Session
from annclust.web.work import Workshop


class Desk(Closing):
    """What answers for a collection.

    Parameters
    ----------
    collection : Collection
        Open as long as this is.
    """

    def __init__(self, collection: Collection) -> None:
        path, vector_set = collection.path, collection.vector_set
        settings = collection.settings
        self.about = About(path.stem, str(path.absolute()), collection.embedder.name)
        self.plans = Plans()
        with ExitStack() as opened:
            self.session = opened.enter_context(Session(path, vector_set))
            self.pictures = opened.enter_context(Pictures(settings.decode, cache_directory()))
            self.lookalikes = opened.enter_context(
                Lookalikes(Store(path, vector_set), collection.embedder_loader, settings)
            )
            self.examiner = opened.enter_context(Examiner(self.session, settings.decode))
            self.judges = Judges(self.examiner)
            self.jobs = opened.enter_context(Jobs())
            self._opened = opened.pop_all()
        self.workshop = Workshop(
            self.session, self.judges, self.examiner, self.plans, settings.search
        )
        Thread(target=self.lookalikes.find_out, name="annclust embedder", daemon=True).start()

    @property
    def writing(self) -> str | None:
        """The kind of the job that writes to the collection; None if none of ours does."""
        job = self.jobs.current
        return job.kind if job is not None and self.session.is_at_work else None

    def close(self) -> None:
        """Stop what runs, and let go of the files."""
        self._opened.close()
