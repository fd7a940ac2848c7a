"""Invented names: everyday surnames and given names, drawn by the seed."""

from __future__ import annotations

from random import Random

from lms.people.models import Sex

SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁马方任袁柳唐罗薛贺汤滕殷毕安常乐于齐康伍余元顾孟黄和穆萧尹姚邵汪毛狄米贝明臧成戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季贾路江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房解应宗丁邓杭洪左石崔龚程陆荣翁荀曲封储靳段焦谷车侯全班仲宫宁仇甘厉祖武符刘景詹束龙叶司韶黎白怀蒲从索赖卓屠池乔温庄晏柴瞿阎连习容向古易廖"  # noqa: E501
FEMALE = "静敏婷雪丽芳燕萍玲慧琳颖洁瑶怡晴岚薇蓉菲悦宁欣雯倩佳梦思诗语彤妍"
MALE = "伟强磊军洋勇杰涛斌辉鹏浩宇轩博文昊然子航志明建国海峰立群天翔书恒景"


class NameGiver:
    """Draws names so that no two people of the bank share one (until the lists run out)."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self.taken: set[str] = set()

    def next(self) -> tuple[str, Sex]:
        """Return a name and the sex from whose list its given name came."""
        for _ in range(200):
            sex = self.draw.choice((Sex.FEMALE, Sex.MALE))
            given = FEMALE if sex is Sex.FEMALE else MALE
            length = 1 if self.draw.random() < 0.25 else 2
            name = self.draw.choice(SURNAMES) + "".join(self.draw.choice(given) for _ in range(length))
            if name not in self.taken:
                break
        self.taken.add(name)
        return name, sex
