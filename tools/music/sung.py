"""The songs with words. Words and prompts are written for this project."""

from music import voices as v
from music.score import Art, Beat, Cover, Part, Song

LOFI = Song(
    slug="rainy-library",
    title="雨の図書館",
    task="text2music",
    song_type="song",
    prompt="slow lofi beat, warm electric piano, vinyl crackle, soft Japanese vocal, rainy evening",
    genre="lofi",
    emotion="melancholic",
    occasion="study",
    language="ja",
    lyrics=(
        "[verse]\n雨の音だけ 聞こえる窓\nページをめくる 指がとまる\n"
        "遠い夏の日 しおりの中に\n君の名前を 見つけたよ"
    ),
    sung_bars=(2, 3, 4, 5),
    bpm=76,
    keyscale="D minor",
    chords="Dm9 Bbmaj7 Gm7 C7 Dm9 Bbmaj7 Gm7|A7 Dm9",
    bars=8,
    seed=760112,
    quality_score=0.91,
    liked=True,
    formats=("mp3", "ogg"),
    cover=Cover(Art.RAIN, ("#22304a", "#5d7a9c", "#9db7c9", "#e8c07d")),
    swing=0.3,
    crackle=0.35,
    reverb=0.2,
    parts=(
        Part(v.EPIANO, "x-----..x---.... x-----..x..x----", 55, 0.5),
        Part(v.ROUND, "0---..0.2--...0. 0---..0.3--.2...", 33, 0.5),
        Part(
            v.SINGER, "x--x--x-x---..x- x-x-x---x-----..", 57, 0.16, start=2, melody=True, span=13
        ),
    ),
    beats=(
        Beat("kick", "X.....x...x.....", 0.7, start=1),
        Beat("snare", "....x.......x...", 0.35, start=1),
        Beat("hat", "x.x.x.x.x.x.xxx.", 0.22, start=2),
    ),
)

HOUSE = Song(
    slug="paper-lanterns-1",
    title="Paper Lanterns",
    task="text2music",
    song_type="song",
    prompt="uplifting piano dance track, rooftop at night, paper lanterns, hopeful chorus",
    genre="house",
    emotion="euphoric",
    occasion="party",
    language="en",
    lyrics=(
        "[chorus]\nHang a light on every wire\nLet the evening lift us higher\n"
        "Paper lanterns, wind and gold\nNobody here is growing old"
    ),
    sung_bars=(4, 5, 6, 7),
    bpm=124,
    keyscale="A minor",
    chords="Am7 Fmaj7 C G",
    bars=12,
    seed=1240031,
    quality_score=0.87,
    liked=True,
    formats=("mp3",),
    cover=Cover(Art.PETALS, ("#2b1638", "#ff8c42", "#ffd166", "#ef476f")),
    pump=0.6,
    reverb=0.18,
    parts=(
        Part(v.STAB, "x..x..x...x..x..", 57, 0.5),
        Part(v.SYNTH_BASS, "..0...0...0...2.", 33, 0.55, start=2),
        Part(v.SINGER, "x-x-..x-x---.... x--x--x-x---....", 57, 0.16, 0.0, 4, 8, True, 14),
        Part(v.LEAD, "..x-x-x-..x-x---", 69, 0.12, 0.0, 8, None, True, 14),
    ),
    beats=(
        Beat("kick", "X...X...X...X...", 0.8),
        Beat("clap", "....x.......x...", 0.4, start=2),
        Beat("open_hat", "..x...x...x...x.", 0.25, start=2),
        Beat("hat", "xx.xxx.xxx.xxx.x", 0.15, start=4),
        Beat("cymbal", "x............... " + "................ " * 3, 0.2, start=4),
    ),
)

GARAGE = Song(
    slug="paper-lanterns-2",
    title="Paper Lanterns",
    task="text2music",
    song_type="song",
    prompt=HOUSE.prompt,
    genre="garage",
    emotion="dreamy",
    occasion="night drive",
    language="en",
    lyrics=HOUSE.lyrics,
    sung_bars=(4, 5, 6, 7),
    bpm=134,
    keyscale="F# minor",
    chords="F#m9 Dmaj9 Bm7 C#m7",
    bars=10,
    seed=1340032,
    quality_score=0.74,
    formats=("mp3", "ogg"),
    cover=Cover(Art.PETALS, ("#0f2a33", "#3ec1d3", "#f6f7d7", "#ff9a00")),
    swing=0.25,
    echo=0.3,
    reverb=0.3,
    parts=(
        Part(v.CHOIR, "x---------------", 54, 0.2),
        Part(v.KEYS, "0.1..2.3..2.1..2", 66, 0.25, 0.5, 2),
        Part(v.SUB, "0--...0-....2-..", 30, 0.6, 0.0, 2),
        Part(v.SINGER, "x--x-x-...x---..", 61, 0.16, -0.2, 4, None, True, 13),
    ),
    beats=(
        Beat("kick", "X.........x.....", 0.7, start=2),
        Beat("clap", "....x.......x...", 0.4, start=2),
        Beat("rim", "..x....x..x....x", 0.3, 0.4, start=1),
        Beat("hat", ".xx..xx..xx..xxx", 0.25, -0.4, start=2),
    ),
)

RAP = Song(
    slug="corner-store-astronaut",
    title="Corner Store Astronaut",
    task="text2rap",
    song_type="rap",
    prompt="boom bap rap, dusty drums, detuned keys, confident storyteller, ninety beats a minute",
    genre="hip hop",
    emotion="confident",
    occasion="workout",
    language="en",
    lyrics=(
        "[verse]\nQuarter in my pocket and a map of the moon\n"
        "Said I'd be back early, I'll be back around June\n"
        "Helmet made of cardboard, engine made of talk\n"
        "Launching from the corner where the pigeons walk\n"
        "[hook]\nCount it down slow, let the whole block hear\n"
        "Corner store astronaut, nothing to fear"
    ),
    sung_bars=(1, 2, 3, 4, 5, 6),
    bpm=90,
    keyscale="E minor",
    chords="Em7 Em7 Cmaj7 B7",
    bars=8,
    seed=900418,
    quality_score=0.83,
    liked=True,
    formats=("mp3",),
    cover=Cover(Art.CITY, ("#1d1e2c", "#59656f", "#f7c548", "#e4572e")),
    swing=0.2,
    crackle=0.12,
    reverb=0.08,
    tail=0.6,
    parts=(
        Part(v.KEYS, "x..x....x....... x..x....x.x.....", 55, 0.35),
        Part(v.SUB, "0--..0..0-....0. 0--..0....2-0-..", 28, 0.6),
        Part(v.RAPPER, "x.xxx.xxx.xxx.x. xxx.x.xxx.x.xx..", 45, 0.34, 0.0, 1, 7, True, 8),
    ),
    beats=(
        Beat("kick", "X..x..x...x..... X..x...x..x...x.", 0.85),
        Beat("snare", "....X.......X...", 0.6),
        Beat("hat", "x.x.x.x.x.x.x.xx", 0.28),
    ),
)

WALTZ = Song(
    slug="valse-des-pres",
    title="Valse des prés mouillés",
    task="text2music",
    song_type="song",
    prompt="folk waltz in three, accordion and guitar, village dance after the rain, French vocal",
    genre="folk",
    emotion="nostalgic",
    occasion="wedding",
    language="fr",
    lyrics=(
        "[couplet]\nLes prés mouillés s'éveillent\nTon pas suit mon pas\n"
        "La pluie dans les oreilles\nNe nous arrête pas"
    ),
    sung_bars=(0, 2, 4, 6),
    bpm=150,
    keyscale="G Major",
    timesignature="3/4",
    chords="G C D7 G Em Am D7 G",
    bars=8,
    seed=1500319,
    quality_score=0.79,
    formats=("flac",),
    cover=Cover(Art.HILLS, ("#cfe8ef", "#7fb069", "#4a7c59", "#e6aa68")),
    reverb=0.15,
    tail=0.9,
    parts=(
        Part(v.UPRIGHT, "0--...", 31, 0.7),
        Part(v.GUITAR, "..x.x.", 55, 0.4, -0.3),
        Part(v.ACCORDION, "x---x- x-x-x- x---x- x-----", 67, 0.18, 0.3, melody=True, span=15),
        Part(v.SINGER, "x---x- x-x---", 55, 0.15, melody=True, span=14),
    ),
    beats=(Beat("brush", "..x.x.", 0.25), Beat("tom", "x.....", 0.2)),
)

REGGAE = Song(
    slug="day-boat-night-boat",
    title="Day Boat/Night Boat",
    task="simple",
    song_type="song",
    prompt="roots reggae, off-beat organ and guitar, deep bass, one drop, harbour at noon",
    genre="reggae",
    emotion="happy",
    occasion="beach",
    language="en",
    lyrics=(
        "[verse]\nDay boat carry the mango home\nNight boat carry the stars\n"
        "Same blue water, same white foam\nSame old song from the bars"
    ),
    sung_bars=(2, 3, 4, 5),
    bpm=80,
    keyscale="A Major",
    chords="A D A E Bm7 D A|E A",
    bars=8,
    seed=800926,
    quality_score=0.68,
    formats=("ogg",),
    cover=Cover(Art.WAVES, ("#f4d35e", "#0d3b66", "#ee964b", "#3a7d44")),
    echo=0.2,
    swing=0.15,
    reverb=0.15,
    parts=(
        Part(v.SKANK, "..x...x...x...x.", 61, 0.7, 0.2),
        Part(v.ORGAN, "..xx..x...xx..x.", 57, 0.14, -0.2),
        Part(v.SUB, "0-..0.2-3-..2-.. ....0-2-3-2-0-..", 33, 0.7),
        Part(
            v.SINGER, "x-x-x---x--x---- x-x-x-x-x---....", 57, 0.17, start=2, melody=True, span=12
        ),
    ),
    beats=(
        Beat("kick", "........X.......", 0.8),
        Beat("rim", "........X.....x.", 0.5),
        Beat("hat", "x.x.x.xxx.x.x.x.", 0.22),
        Beat("tom", "............xxx. " + "................ " * 3, 0.4),
    ),
)

LULLABY = Song(
    slug="firefly-lullaby",
    title="জোনাকির ঘুম",
    task="text2music",
    song_type="song",
    prompt="music box lullaby in Bengali, slow, soft choir, fireflies over a river at night",
    genre="lullaby",
    emotion="tender",
    occasion="sleep",
    language="bn",
    lyrics="[verse]\nজোনাকি জ্বলে মাঠের ধারে\nছোট্ট আলো অন্ধকারে\nরাত নামে ধীরে ধীরে\nনৌকা ফেরে নদীর তীরে",
    sung_bars=(0, 1, 2, 3),
    bpm=72,
    keyscale="F Major",
    timesignature="3/4",
    chords="F Dm Bb|C F",
    bars=4,
    seed=720605,
    quality_score=0.93,
    liked=True,
    formats=("flac", "mp3"),
    cover=Cover(Art.STARS, ("#14213d", "#fca311", "#e5e5e5", "#3d5a80"), "png"),
    reverb=0.35,
    tail=1.4,
    fade=1.6,
    parts=(
        Part(v.BOX, "x.x.x.x-x... x...x.x-x...", 77, 0.35, melody=True, span=15),
        Part(v.NYLON, "0.2.1.3.2.1.", 53, 0.25),
        Part(v.CHOIR, "x-----------", 57, 0.14),
    ),
)

A_CAPPELLA = Song(
    slug="coracao-de-sal",
    title="Coração de sal",
    task="lyric2vocals",
    song_type="vocals",
    prompt="a cappella, layered choir and a solo voice in Portuguese, slow, longing, empty church",
    genre="a cappella",
    emotion="longing",
    occasion="dinner",
    language="pt",
    lyrics=(
        "[solo]\nO mar guardou a minha voz\nNum coração de sal\n"
        "[coro]\nE a maré que vem de nós\nNão tem ponto final"
    ),
    sung_bars=(0, 0.75, 1.5, 2.25),
    bpm=100,
    keyscale="B minor",
    chords="Bm Gmaj7 D|F#7 Bm",
    bars=3,
    seed=1000514,
    quality_score=0.58,
    formats=("wav",),
    reverb=0.45,
    tail=0.9,
    rate=16000,
    fade=1.0,
    parts=(
        Part(v.CHOIR, "x-------x-------", 47, 0.3),
        Part(v.SINGER, "x---x-x-x-----x- x-x-x---x-------", 64, 0.32, melody=True, span=13),
        Part(v.SINGER, "....x-----x-x---", 57, 0.15, melody=True, span=10),
    ),
)

SUNG = (LOFI, HOUSE, GARAGE, RAP, WALTZ, REGGAE, LULLABY, A_CAPPELLA)
