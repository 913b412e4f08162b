"""``python -m maestro_tui``."""

import sys

from maestro_tui.cli.main import main

sys.exit(main())
