"""Where the 200 holes lie that the inpainting model is measured with.

Drawn once with the seed 20261122; the list is what counts from now on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hole:
    """One hole in a crop of a test photo.

    Attributes:
        photo: path below ``photos/test``.
        edge_px: edge of the square crop.
        top: first row of the crop in the photo, shrunk to *longest_px*.
        left: first column.
        seed: of the shape.
        longest_px: long edge to which the photo is shrunk first.
        largest_px: longest side of a box or blob.
    """

    photo: str
    edge_px: int
    top: int
    left: int
    seed: int
    longest_px: int = 768
    largest_px: int = 96


TABLE = """\
cid22/validation_1025469.png 256 54 1 0
cid22/validation_1420710.png 256 118 158 1
cid22/validation_1544947.png 256 212 252 2
cid22/validation_1624487.png 256 153 138 3
cid22/validation_162520.png 256 35 23 4
cid22/validation_164595.png 256 155 154 5
cid22/validation_2190188.png 256 180 189 6
cid22/validation_225228.png 256 135 137 7
cid22/validation_2253934.png 256 126 58 8
cid22/validation_2736139.png 256 235 220 9
clic2025/final-test_2a760bf1ccea.png 256 65 117 10
clic2025/final-test_ebfd571f1c68.png 256 261 361 11
kodak24/1.png 256 62 480 12
kodak24/10.png 256 274 47 13
kodak24/11.png 256 236 17 14
kodak24/12.png 256 215 48 15
kodak24/13.png 256 129 394 16
kodak24/14.png 256 227 486 17
kodak24/15.png 256 74 163 18
kodak24/16.png 256 86 22 19
kodak24/17.png 256 337 112 20
kodak24/18.png 256 23 10 21
kodak24/19.png 256 186 169 22
kodak24/2.png 256 9 321 23
kodak24/20.png 256 26 205 24
kodak24/21.png 256 17 177 25
kodak24/22.png 256 91 298 26
kodak24/23.png 256 68 452 27
kodak24/24.png 256 63 118 28
kodak24/3.png 256 162 73 29
kodak24/4.png 256 406 23 30
kodak24/5.png 256 55 369 31
kodak24/6.png 256 55 464 32
kodak24/7.png 256 114 280 33
kodak24/8.png 256 67 29 34
kodak24/9.png 256 55 141 35
cid22/validation_1025469.png 256 201 186 36
cid22/validation_1420710.png 256 8 121 37
cid22/validation_1544947.png 256 67 6 38
cid22/validation_1624487.png 256 50 251 39
cid22/validation_162520.png 256 20 153 40
cid22/validation_164595.png 256 206 77 41
cid22/validation_2190188.png 256 153 187 42
cid22/validation_225228.png 256 131 251 43
cid22/validation_2253934.png 256 212 148 44
cid22/validation_2736139.png 256 8 35 45
clic2025/final-test_2a760bf1ccea.png 256 46 86 46
clic2025/final-test_ebfd571f1c68.png 256 387 152 47
kodak24/1.png 256 25 426 48
kodak24/10.png 256 366 204 49
kodak24/11.png 256 160 69 50
kodak24/12.png 256 84 27 51
kodak24/13.png 256 2 49 52
kodak24/14.png 256 190 416 53
kodak24/15.png 256 187 306 54
kodak24/16.png 256 249 290 55
kodak24/17.png 256 179 101 56
kodak24/18.png 256 151 76 57
kodak24/19.png 256 485 92 58
kodak24/2.png 256 223 421 59
kodak24/20.png 256 38 426 60
kodak24/21.png 256 245 460 61
kodak24/22.png 256 63 293 62
kodak24/23.png 256 225 278 63
kodak24/24.png 256 214 198 64
kodak24/3.png 256 182 159 65
kodak24/4.png 256 5 124 66
kodak24/5.png 256 64 272 67
kodak24/6.png 256 118 413 68
kodak24/7.png 256 27 176 69
kodak24/8.png 256 36 83 70
kodak24/9.png 256 391 117 71
cid22/validation_1025469.png 256 162 205 72
cid22/validation_1420710.png 256 215 190 73
cid22/validation_1544947.png 256 240 151 74
cid22/validation_1624487.png 256 92 224 75
cid22/validation_162520.png 256 183 178 76
cid22/validation_164595.png 256 216 235 77
cid22/validation_2190188.png 256 216 229 78
cid22/validation_225228.png 256 59 69 79
cid22/validation_2253934.png 256 125 248 80
cid22/validation_2736139.png 256 211 138 81
clic2025/final-test_2a760bf1ccea.png 256 8 463 82
clic2025/final-test_ebfd571f1c68.png 256 305 331 83
kodak24/1.png 256 50 318 84
kodak24/10.png 256 311 106 85
kodak24/11.png 256 250 264 86
kodak24/12.png 256 24 447 87
kodak24/13.png 256 207 307 88
kodak24/14.png 256 10 444 89
kodak24/15.png 256 121 34 90
kodak24/16.png 256 180 278 91
kodak24/17.png 256 199 221 92
kodak24/18.png 256 353 201 93
kodak24/19.png 256 242 142 94
kodak24/2.png 256 40 328 95
kodak24/20.png 256 116 464 96
kodak24/21.png 256 92 469 97
kodak24/22.png 256 120 452 98
kodak24/23.png 256 212 264 99
kodak24/24.png 256 21 270 100
kodak24/3.png 256 119 17 101
kodak24/4.png 256 172 215 102
kodak24/5.png 256 220 2 103
kodak24/6.png 256 91 131 104
kodak24/7.png 256 34 432 105
kodak24/8.png 256 177 121 106
kodak24/9.png 256 423 89 107
cid22/validation_1025469.png 256 60 184 108
cid22/validation_1420710.png 256 141 185 109
cid22/validation_1544947.png 256 16 28 110
cid22/validation_1624487.png 256 27 235 111
cid22/validation_162520.png 256 175 40 112
cid22/validation_164595.png 256 230 153 113
cid22/validation_2190188.png 256 134 102 114
cid22/validation_225228.png 256 224 121 115
cid22/validation_2253934.png 256 13 119 116
cid22/validation_2736139.png 256 185 51 117
clic2025/final-test_2a760bf1ccea.png 256 27 354 118
clic2025/final-test_ebfd571f1c68.png 256 222 121 119
kodak24/1.png 256 227 396 120
kodak24/10.png 256 474 242 121
kodak24/11.png 256 212 88 122
kodak24/12.png 256 101 458 123
kodak24/13.png 256 107 192 124
kodak24/14.png 256 92 388 125
kodak24/15.png 256 18 286 126
kodak24/16.png 256 4 14 127
cid22/validation_1025469.png 512 0 0 128
cid22/validation_1420710.png 512 0 0 129
cid22/validation_1544947.png 512 0 0 130
cid22/validation_1624487.png 512 0 0 131
cid22/validation_162520.png 512 0 0 132
cid22/validation_164595.png 512 0 0 133
cid22/validation_2190188.png 512 0 0 134
cid22/validation_225228.png 512 0 0 135
cid22/validation_2253934.png 512 0 0 136
cid22/validation_2736139.png 512 0 0 137
clic2025/final-test_ebfd571f1c68.png 512 82 208 138
kodak24/1.png 512 0 226 139
kodak24/10.png 512 66 0 140
kodak24/11.png 512 0 146 141
kodak24/12.png 512 0 180 142
kodak24/13.png 512 0 85 143
kodak24/14.png 512 0 71 144
kodak24/15.png 512 0 22 145
kodak24/16.png 512 0 238 146
kodak24/17.png 512 245 0 147
kodak24/18.png 512 222 0 148
kodak24/19.png 512 199 0 149
kodak24/2.png 512 0 57 150
kodak24/20.png 512 0 100 151
kodak24/21.png 512 0 61 152
kodak24/22.png 512 0 223 153
kodak24/23.png 512 0 173 154
kodak24/24.png 512 0 113 155
kodak24/3.png 512 0 49 156
kodak24/4.png 512 120 0 157
kodak24/5.png 512 0 210 158
kodak24/6.png 512 0 99 159
kodak24/7.png 512 0 117 160
kodak24/8.png 512 0 155 161
kodak24/9.png 512 74 0 162
cid22/validation_1025469.png 512 0 0 163
cid22/validation_1420710.png 512 0 0 164
cid22/validation_1544947.png 512 0 0 165
cid22/validation_1624487.png 512 0 0 166
cid22/validation_162520.png 512 0 0 167
cid22/validation_164595.png 512 0 0 168
cid22/validation_2190188.png 512 0 0 169
cid22/validation_225228.png 512 0 0 170
cid22/validation_2253934.png 512 0 0 171
cid22/validation_2736139.png 512 0 0 172
clic2025/final-test_ebfd571f1c68.png 512 242 73 173
kodak24/1.png 512 0 148 174
kodak24/10.png 512 81 0 175
kodak24/11.png 512 0 146 176
kodak24/12.png 512 0 24 177
kodak24/13.png 512 0 209 178
kodak24/14.png 512 0 242 179
kodak24/15.png 512 0 29 180
kodak24/16.png 512 0 70 181
kodak24/17.png 512 17 0 182
kodak24/18.png 512 109 0 183
kodak24/19.png 512 1 0 184
kodak24/2.png 512 0 76 185
kodak24/20.png 512 0 36 186
kodak24/21.png 512 0 48 187
kodak24/22.png 512 0 164 188
kodak24/23.png 512 0 96 189
kodak24/24.png 512 0 55 190
kodak24/3.png 512 0 12 191
kodak24/4.png 512 95 0 192
kodak24/5.png 512 0 152 193
kodak24/6.png 512 0 207 194
kodak24/7.png 512 0 92 195
kodak24/8.png 512 0 158 196
kodak24/9.png 512 73 0 197
cid22/validation_1025469.png 512 0 0 198
cid22/validation_1420710.png 512 0 0 199
"""
"""One hole a line: photo, edge, top, left, seed."""


def parse(line: str) -> Hole:
    """Read one line of the table."""
    photo, *numbers = line.split()
    edge, top, left, seed = (int(number) for number in numbers)
    return Hole(photo, edge, top, left, seed)


HOLES = tuple(parse(line) for line in TABLE.splitlines())
