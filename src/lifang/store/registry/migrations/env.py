"""What Alembic runs: on the connection it is given, in that connection's transaction."""

from alembic import context

from lifang.store.registry.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
