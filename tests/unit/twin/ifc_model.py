"""A small house in IFC 4, in millimetres, as text: one wall in one storey, and where it says that it stands."""

HEAD = """ISO-10303-21;
HEADER;
FILE_DESCRIPTION(('ViewDefinition [CoordinationView]'),'2;1');
FILE_NAME('house.ifc','2026-01-01T00:00:00',(''),(''),'','','');
FILE_SCHEMA(('{schema}'));
ENDSEC;
DATA;
"""
BODY = """#1=IFCPROJECT('0$WU4A9R19$vKWO$AdOnKA',$,'House',$,$,$,$,(#10),#5);
#2=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);
#3=IFCSIUNIT(*,.AREAUNIT.,$,.SQUARE_METRE.);
#4=IFCSIUNIT(*,.PLANEANGLEUNIT.,$,.RADIAN.);
#5=IFCUNITASSIGNMENT((#2,#3,#4));
#6=IFCCARTESIANPOINT((0.,0.,0.));
#7=IFCAXIS2PLACEMENT3D(#6,$,$);
#10=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-05,#7,$);
#11=IFCGEOMETRICREPRESENTATIONSUBCONTEXT('Body','Model',*,*,*,*,#10,$,.MODEL_VIEW.,$);
#20=IFCLOCALPLACEMENT($,#7);
#21=IFCSITE('1$WU4A9R19$vKWO$AdOnKA',$,'Site',$,$,#20,$,$,.ELEMENT.,{latitude},{longitude},$,$,$);
#22=IFCBUILDING('2$WU4A9R19$vKWO$AdOnKA',$,'House 1',$,$,#20,$,$,.ELEMENT.,$,$,$);
#23=IFCBUILDINGSTOREY('3$WU4A9R19$vKWO$AdOnKA',$,'Ground',$,$,#20,$,$,.ELEMENT.,1500.);
#24=IFCRELAGGREGATES('0AWU4A9R19$vKWO$AdOnKA',$,$,$,#1,(#21));
#25=IFCRELAGGREGATES('0BWU4A9R19$vKWO$AdOnKA',$,$,$,#21,(#22));
#26=IFCRELAGGREGATES('0CWU4A9R19$vKWO$AdOnKA',$,$,$,#22,(#23));
#30=IFCCARTESIANPOINT(({at}));
#31=IFCAXIS2PLACEMENT3D(#30,$,$);
#32=IFCLOCALPLACEMENT(#20,#31);
#33=IFCCARTESIANPOINT((2000.,100.));
#34=IFCAXIS2PLACEMENT2D(#33,$);
#35=IFCRECTANGLEPROFILEDEF(.AREA.,$,#34,4000.,200.);
#36=IFCDIRECTION((0.,0.,1.));
#37=IFCEXTRUDEDAREASOLID(#35,#7,#36,3000.);
#38=IFCSHAPEREPRESENTATION(#11,'Body','SweptSolid',(#37));
#39=IFCPRODUCTDEFINITIONSHAPE($,$,(#38));
#40=IFCWALL('4$WU4A9R19$vKWO$AdOnKA',$,'\\X2\\5899\\X0\\ 1',$,$,#32,#39,$,.SOLIDWALL.);
#41=IFCRELCONTAINEDINSPATIALSTRUCTURE('0DWU4A9R19$vKWO$AdOnKA',$,$,$,(#40),#23);
#50=IFCPROPERTYSINGLEVALUE('Width',$,IFCPOSITIVELENGTHMEASURE(200.),$);
#51=IFCPROPERTYSINGLEVALUE('Slope',$,IFCPLANEANGLEMEASURE(1.5707963267948966),$);
#52=IFCPROPERTYSINGLEVALUE('IsExternal',$,IFCBOOLEAN(.T.),$);
#53=IFCPROPERTYSET('0EWU4A9R19$vKWO$AdOnKA',$,'Pset_WallCommon',$,(#50,#51,#52));
#54=IFCRELDEFINESBYPROPERTIES('0FWU4A9R19$vKWO$AdOnKA',$,$,$,(#40),#53);
#55=IFCQUANTITYLENGTH('Length',$,$,4000.,$);
#56=IFCQUANTITYAREA('NetSideArea',$,$,12.,$);
#57=IFCELEMENTQUANTITY('0GWU4A9R19$vKWO$AdOnKA',$,'Qto_WallBaseQuantities',$,$,(#55,#56));
#58=IFCRELDEFINESBYPROPERTIES('0HWU4A9R19$vKWO$AdOnKA',$,$,$,(#40),#57);
#60=IFCMATERIAL('Brick',$,$);
#61=IFCRELASSOCIATESMATERIAL('0IWU4A9R19$vKWO$AdOnKA',$,$,$,(#40),#60);
#62=IFCDISTRIBUTIONSYSTEM('0JWU4A9R19$vKWO$AdOnKA',$,'Lighting',$,$,$,.LIGHTING.);
#63=IFCRELASSIGNSTOGROUP('0KWU4A9R19$vKWO$AdOnKA',$,$,$,(#40),$,#62);
"""
CONVERSION = """#70=IFCPROJECTEDCRS('{crs}',$,$,$,$,$,$);
#71=IFCMAPCONVERSION(#10,#70,{east},{north},500.,{abscissa},{ordinate},{scale});
"""
WALL = "4$WU4A9R19$vKWO$AdOnKA"


def house(
    *, at: str = "0.,0.,0.", latitude: str = "$", longitude: str = "$", more: str = "", **conversion: str
) -> bytes:
    """Return the text of the house; any word of ``conversion`` has it say where it stands."""
    words = {"crs": "EPSG:4544", "east": "410000.", "north": "3394000.", "abscissa": "$", "ordinate": "$"}
    words |= {"scale": "0.001"} | conversion
    text = HEAD.format(schema="IFC4") + BODY.format(at=at, latitude=latitude, longitude=longitude) + more
    return (text + (CONVERSION.format(**words) if conversion else "") + "ENDSEC;\nEND-ISO-10303-21;\n").encode()
