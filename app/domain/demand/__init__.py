"""What customers wanted, day by day: the panel that every forecast starts from."""

from app.domain.demand.panel import Panel

__all__ = ["Panel"]
