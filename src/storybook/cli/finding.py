"""What the doctor has to say of one part."""

from typing import NamedTuple


class Finding(NamedTuple):
    """`problem` has to be mended; `doubt` is what could not be found out, or may become a problem soon.

    `mend` is the command that mends it, or shows more of it.
    """

    part: str
    configured: str
    problem: str = ""
    doubt: str = ""
    mend: str = ""
