"""How fast rules of segments are worked out for everybody and for one."""
