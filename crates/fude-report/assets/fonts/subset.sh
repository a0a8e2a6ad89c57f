#!/bin/sh
# Makes the two bundled fonts from DejaVu Sans 2.37 (Debian: fonts-dejavu-core) with fonttools 4.68 (pip install fonttools).
# Latin-1, dashes, quotes, bullet, ellipsis, arrows and comparison signs; legacy `kern` is the only kerning ab_glyph reads.
set -eu
from=${1:-/usr/share/fonts/truetype/dejavu}
cd "$(dirname "$0")"
for name in DejaVuSans DejaVuSans-Bold; do
    pyftsubset "$from/$name.ttf" --output-file="$name.subset.ttf" --no-hinting --legacy-kern --layout-features='' \
        --notdef-outline --drop-tables+=FFTM,GDEF,GPOS,GSUB,MATH \
        --unicodes='U+0020-007E,U+00A0-00FF,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2022,U+2026,U+2190-2193,U+2212,U+2260,U+2264,U+2265'
done
