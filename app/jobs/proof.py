"""Work out the proof that a member asked for; it says how far it is."""

from __future__ import annotations

from app.platform import clock, db
from app.platform.queue import enqueue, kept, store_job
from app.services import proof, stores
from app.services.proof import UnableToProve


@kept
@store_job
def make(_store_id: int, proof_id: int) -> None:
    """Make one proof."""

    def progress(done: float) -> None:
        proof.heard(proof_id, done=done)
        db.checkpoint()

    progress(0.0)
    try:
        proof.make(proof_id, today=clock.today(stores.time_zone()), now=clock.now, progress=progress)
    except UnableToProve as why:
        proof.fail(proof_id, code=why.code, ready_on=why.ready_on, now=clock.now())


def make_soon(store_id: int, proof_id: int) -> None:
    """Enqueue it; several wishes before it runs make one."""
    enqueue(make, store_id, proof_id, on="backfill", once=f"proof-{proof_id}")
