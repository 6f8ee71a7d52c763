"""Languages as ID3 and Vorbis comments name them: by the codes of ISO 639-2/T.

Sources: ISO 639-1, 639-2 and 639-3 as the Library of Congress and SIL list them, English names and
some of the names that languages have for themselves.
"""

from __future__ import annotations

import re
from unicodedata import normalize

_TAG = re.compile(
    r"(?P<code>[a-z]{2,3})([-_][a-z]{3})?([-_][a-z]{4})?([-_]([a-z]{2}|[0-9]{3}))?", re.IGNORECASE
)
"""A code, with what BCP 47 lets follow it: an extended language, a script, a region."""


def language_code(text: str | None) -> str | None:
    """ISO 639-2/T code of a language given as ``de``, ``de-AT``, ``deu``, ``ger``, ``German`` or
    ``Deutsch``; ``None`` for what names none.

    One that ISO 639-2 has no code for keeps that of ISO 639-3.
    """
    name = normalize("NFC", text or "").partition("(")[0].strip().casefold()
    match = _TAG.fullmatch(name)
    return _CODES.get(match["code"]) if match and match["code"] in _CODES else _NAMES.get(name)


# ISO 639-1, 639-2/T, 639-2/B where that differs: names.
_LANGUAGES = """\
aa aar: Afar
ab abk: Abkhazian
ae ave: Avestan
af afr: Afrikaans
ak aka: Akan
am amh: Amharic
an arg: Aragonese
ar ara: Arabic, العربية
as asm: Assamese
av ava: Avaric, Avar
ay aym: Aymara
az aze: Azerbaijani, azərbaycan dili
ba bak: Bashkir
be bel: Belarusian, Belarussian, Byelorussian, беларуская
bg bul: Bulgarian, български
bh bih: Bihari, Bihari languages
bi bis: Bislama
bm bam: Bambara
bn ben: Bengali, Bangla, বাংলা
bo bod tib: Tibetan
br bre: Breton
bs bos: Bosnian, bosanski
ca cat: Catalan, Valencian, català
ce che: Chechen
ch cha: Chamorro
co cos: Corsican
cr cre: Cree
cs ces cze: Czech, čeština, česky
cu chu: Church Slavic, Old Church Slavonic, Church Slavonic, Old Slavonic, Old Bulgarian
cv chv: Chuvash
cy cym wel: Welsh, Cymraeg
da dan: Danish, dansk
de deu ger: German, Deutsch
dv div: Divehi, Dhivehi, Maldivian
dz dzo: Dzongkha
ee ewe: Ewe
el ell gre: Greek, Modern Greek, ελληνικά
en eng: English, British English, American English
eo epo: Esperanto
es spa: Spanish, Castilian, Latin American Spanish, español, castellano
et est: Estonian, eesti
eu eus baq: Basque, euskara
fa fas per: Persian, Farsi, Dari, فارسی
ff ful: Fulah, Fula, Fulani
fi fin: Finnish, suomi
fj fij: Fijian
fo fao: Faroese, Faeroese
fr fra fre: French, français
fy fry: Western Frisian, Frisian, West Frisian
ga gle: Irish, Gaeilge
gd gla: Scottish Gaelic, Gaelic, Gàidhlig
gl glg: Galician, galego
gn grn: Guarani
gu guj: Gujarati, ગુજરાતી
gv glv: Manx
ha hau: Hausa
he heb: Hebrew, עברית
hi hin: Hindi, हिन्दी
ho hmo: Hiri Motu
hr hrv: Croatian, hrvatski
ht hat: Haitian, Haitian Creole
hu hun: Hungarian, magyar
hy hye arm: Armenian, հայերեն
hz her: Herero
ia ina: Interlingua
id ind: Indonesian, Bahasa Indonesia
ie ile: Interlingue, Occidental
ig ibo: Igbo
ii iii: Sichuan Yi, Nuosu
ik ipk: Inupiaq
io ido: Ido
is isl ice: Icelandic, íslenska
it ita: Italian, italiano
iu iku: Inuktitut
ja jpn: Japanese, 日本語
jv jav: Javanese
ka kat geo: Georgian, ქართული
kg kon: Kongo
ki kik: Kikuyu, Gikuyu
kj kua: Kuanyama, Kwanyama
kk kaz: Kazakh, қазақ тілі
kl kal: Kalaallisut, Greenlandic
km khm: Khmer, Central Khmer, Cambodian, ខ្មែរ
kn kan: Kannada, ಕನ್ನಡ
ko kor: Korean, 한국어
kr kau: Kanuri
ks kas: Kashmiri
ku kur: Kurdish, Kurmanji
kv kom: Komi
kw cor: Cornish
ky kir: Kirghiz, Kyrgyz
la lat: Latin, latina
lb ltz: Luxembourgish, Letzeburgesch, Lëtzebuergesch
lg lug: Ganda, Luganda
li lim: Limburgan, Limburger, Limburgish
ln lin: Lingala
lo lao: Lao, ລາວ
lt lit: Lithuanian, lietuvių
lu lub: Luba-Katanga
lv lav: Latvian, latviešu
mg mlg: Malagasy
mh mah: Marshallese
mi mri mao: Maori, Māori
mk mkd mac: Macedonian, македонски
ml mal: Malayalam, മലയാളം
mn mon: Mongolian, монгол
mr mar: Marathi, मराठी
ms msa may: Malay, Bahasa Melayu
mt mlt: Maltese
my mya bur: Burmese, Myanmar, မြန်မာ
na nau: Nauru
nb nob: Norwegian Bokmål, Bokmål, Bokmal
nd nde: North Ndebele, Northern Ndebele
ne nep: Nepali, नेपाली
ng ndo: Ndonga
nl nld dut: Dutch, Flemish, Nederlands, Vlaams
nn nno: Norwegian Nynorsk, Nynorsk
no nor: Norwegian, norsk
nr nbl: South Ndebele, Southern Ndebele
nv nav: Navajo, Navaho
ny nya: Chichewa, Chewa, Nyanja
oc oci: Occitan, Provençal
oj oji: Ojibwa
om orm: Oromo
or ori: Oriya, Odia
os oss: Ossetian, Ossetic
pa pan: Panjabi, Punjabi, ਪੰਜਾਬੀ
pi pli: Pali
pl pol: Polish, polski
ps pus: Pushto, Pashto
pt por: Portuguese, Brazilian Portuguese, European Portuguese, português
qu que: Quechua
rm roh: Romansh, Rumantsch
rn run: Rundi, Kirundi
ro ron rum: Romanian, Moldavian, Moldovan, română
ru rus: Russian, русский
rw kin: Kinyarwanda
sa san: Sanskrit
sc srd: Sardinian
sd snd: Sindhi
se sme: Northern Sami, Sami
sg sag: Sango
si sin: Sinhala, Sinhalese, සිංහල
sk slk slo: Slovak, slovenčina
sl slv: Slovenian, Slovene, slovenščina
sm smo: Samoan
sn sna: Shona
so som: Somali
sq sqi alb: Albanian, shqip
sr srp: Serbian, srpski, српски
ss ssw: Swati, Swazi, siSwati
st sot: Southern Sotho, Sesotho, Sotho
su sun: Sundanese
sv swe: Swedish, svenska
sw swa: Swahili, Kiswahili
ta tam: Tamil, தமிழ்
te tel: Telugu, తెలుగు
tg tgk: Tajik
th tha: Thai, ไทย
ti tir: Tigrinya
tk tuk: Turkmen
tl tgl: Tagalog, Filipino, Pilipino
tn tsn: Tswana, Setswana
to ton: Tongan, Tonga
tr tur: Turkish, Türkçe
ts tso: Tsonga
tt tat: Tatar
tw twi: Twi
ty tah: Tahitian
ug uig: Uighur, Uyghur
uk ukr: Ukrainian, українська
ur urd: Urdu, اردو
uz uzb: Uzbek, oʻzbek
ve ven: Venda
vi vie: Vietnamese, Tiếng Việt
vo vol: Volapük, Volapuk
wa wln: Walloon
wo wol: Wolof
xh xho: Xhosa
yi yid: Yiddish, ייִדיש
yo yor: Yoruba
za zha: Zhuang, Chuang
zh zho chi: Chinese, Mandarin, Mandarin Chinese, Simplified Chinese, Traditional Chinese, 中文
zu zul: Zulu
"""

_OTHERS = """\
ace ach ada ady afh ain akk ale alt ang anp arc arn arp arw ast awa bal ban bas bej bem bho bik
bin bla bra bua bug byn cad car ceb chb chg chk chm chn cho chp chr chy cnr cop crh csb dak dar
del den dgr din doi dsb dua dum dyu efi egy eka elx enm ewo fan fat fil fon frm fro frr frs fur
gaa gay gba gez gil gmh goh gon gor got grb grc gsw gwi hai haw hil hit hmn hsb hup iba ilo inh
jbo jpr jrb kaa kab kac kam kaw kbd kha kho kmb kok kos kpe krc krl kru kum kut lad lah lam lez
lol loz lua lui lun luo lus mad mag mai mak man mas mdf mdr men mga mic min mnc mni moh mos mus
mwl mwr myv nap nds new nia niu nog non nqo nso nwc nym nyn nyo nzi osa ota pag pal pam pap pau
peo phn pon pro raj rap rar rom rup sad sah sam sas sat scn sco sel sga shn sid sma smj smn sms
snk sog srn srr suk sus sux syc syr tem ter tet tig tiv tkl tlh tli tmh tog tpi tsi tum tvl tyv
udm uga umb vai vot wal war was xal yao yap zap zbl zen zgh zun zza
"""
"""Living, ancient and made languages that ISO 639-2 has and ISO 639-1 has not."""

_WITHIN = {
    "ara": ("apc", "arb", "ary", "arz"),
    "aze": ("azb", "azj"),
    "est": ("ekk",),
    "fas": ("pes", "prs"),
    "grn": ("gug",),
    "heb": ("iw",),
    "ind": ("in",),
    "jav": ("jw",),
    "kur": ("ckb", "kmr"),
    "lav": ("lvs",),
    "mlg": ("plt",),
    "mon": ("khk",),
    "msa": ("zsm",),
    "nep": ("npi",),
    "ori": ("ory",),
    "pus": ("pbt", "pbu"),
    "ron": ("mo",),
    "sqi": ("aln", "als"),
    "swa": ("swh",),
    "uzb": ("uzn",),
    "yid": ("ji", "ydd"),
    "yue": ("yue",),
    "zho": ("cmn",),
}
"""ISO 639-3 codes of what ISO 639-2 has one code for, and codes that were withdrawn."""


def _tables() -> tuple[dict[str, str], dict[str, str]]:
    codes = {code: code for code in _OTHERS.split()}
    codes |= {within: code for code, all_within in _WITHIN.items() for within in all_within}
    names = {"cantonese": "yue", "粵語": "yue", "粤语": "yue"}
    for line in _LANGUAGES.splitlines():
        short, _, said = line.partition(": ")
        first, code, *others = short.split()
        codes |= dict.fromkeys((first, code, *others), code)
        names |= {normalize("NFC", name).casefold(): code for name in said.split(", ")}
    return codes, names


_CODES, _NAMES = _tables()
