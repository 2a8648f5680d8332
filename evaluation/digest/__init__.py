"""What happened to an FAQ lately, on one page for its editors: asked, answered, refused, new, useless, learnt."""
