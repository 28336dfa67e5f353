/** Messages of the page in Chinese: sensing. */
export const sensing = {
  "sensing.title": "感知：监测序列",
  "sensing.find": "筛选监测站或要素",
  "sensing.count": "{things} 个监测站，{streams} 条序列",
  "sensing.empty": "还没有传感器数据。用一条命令让城市开始感知：",
  "sensing.open": "打开图表",
  "sensing.property": "要素",
  "sensing.updated": "更新于",
  "quality.good": "正常",
  "quality.suspect": "可疑",
  "quality.bad": "异常",
  "quality.missing": "缺测",
  "quality.estimated": "估计",
} as const;
