"""A model as an agent without any program: the anthropic package's tool runner, with an API key.

The package takes seconds to import: it is imported only when an attempt is its, inside the runner,
from the folders the spec names.
"""

from __future__ import annotations

import os
import sys

from maestro_tui.agents.outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.context import Context

SDK = "anthropic"
INSTALL = "pip install 'maestro-tui[api]'"
KEY = "ANTHROPIC_API_KEY"


class ApiDriver:
    """Runs one conversation with a model. Exists for those who have a key and no agent."""

    def run(self, context: Context) -> Outcome:
        """The conversation, to its end."""
        options = context.spec.options
        for folder in options.get("python_path") or ():
            if isinstance(folder, str) and folder not in sys.path:
                sys.path.append(folder)
        name = str(options.get("key_env") or KEY)
        if not (context.spec.env.get(name) or os.environ.get(name)):
            why = f"There is no API key: set {name} in the environment Maestro is started in"
            return Outcome("unauthorised", error=why)
        try:
            import anthropic  # noqa: F401
        except ImportError as error:
            why = f"The api driver needs the anthropic package ({error}); install it: {INSTALL}"
            return Outcome("spawn-error", error=why)
        from maestro_tui.agents.conversation import hold
        from maestro_tui.agents.drivers.api.session import ApiSession

        return hold(context, ApiSession)
