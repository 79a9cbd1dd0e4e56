"""What corekit_schema adds to the command line: ``serve``, ``schema`` and ``token``."""
